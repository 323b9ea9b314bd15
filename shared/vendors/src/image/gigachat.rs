//! Pictures by Sber GigaChat, version 1 of its chat API.
//!
//! Source: GigaChat API reference (developers.sber.ru), "Image generation", "Get file"; the requests of the vendor's
//! own SDK.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{Collected, ImageModel, ImageRequest, Ordered};
use domain::kernel::{Clock, IdSource};
use reqwest::header::ACCEPT;
use serde::{Deserialize, Serialize};

use super::style::styled;
use super::{MAX_PICTURE, MAX_REPLY, about_ticket, file, is_path_segment};
use crate::gigachat::{GigaChatSettings, Session};
use crate::http::{Failure, HttpClient, endpoint, within};
use crate::provider_error::{broken, content_refused};

/// Settings of GigaChat's pictures.
#[derive(Debug, Clone)]
pub struct GigaChatImagesSettings {
    pub account: GigaChatSettings,
    /// The chat model. The vendor has no default.
    pub model: String,
}

/// Pictures by Sber GigaChat.
///
/// The chat model is prompted to draw and calls its built-in drawing function; the ticket is the id of the file. Size
/// and aspect ratio cannot be chosen; styles are put into words. An answer without a picture is a refusal in the
/// model's own words: `ContentRefused`, as are the filter's `blacklist` and an empty answer.
///
/// Access tokens work as for chats ([`GigaChat`](crate::chat::GigaChat)).
pub struct GigaChatImages {
    session: Session,
    model: String,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: [Message; 1],
    /// Lets the model call its built-in functions; drawing is one.
    function_call: &'static str,
}

#[derive(Serialize)]
struct Message {
    role: &'static str,
    content: String,
}

#[derive(Deserialize)]
struct Reply {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Answer>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    content: Option<String>,
}

impl GigaChatImages {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: GigaChatImagesSettings, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { session: Session::new(settings.account, clock, ids), model: settings.model }
    }

    async fn ask(&self, request: &ImageRequest) -> Result<Reply, Failure> {
        // The verb is what makes the model call its function.
        let message = Message { role: "user", content: format!("Нарисуй: {}", styled(request)) };
        let body = Body { model: &self.model, messages: [message], function_call: "auto" };
        let url = endpoint(&self.session.settings().base_url, "/chat/completions");
        let post = |http: &HttpClient| Ok(http.post(&url)?.header(ACCEPT, "application/json").json(&body));
        self.session.open(post).await?.json("completion", MAX_REPLY).await
    }

    async fn fetch(&self, file: &str) -> Result<Vec<u8>, Failure> {
        let url = endpoint(&self.session.settings().base_url, &format!("/files/{file}/content"));
        let get = |http: &HttpClient| Ok(http.get(&url)?.header(ACCEPT, "image/jpeg"));
        self.session.open(get).await?.whole(MAX_PICTURE).await
    }

    fn total(&self) -> Duration {
        self.session.settings().timeouts.total
    }
}

#[async_trait]
impl ImageModel for GigaChatImages {
    fn provider(&self) -> ProviderId {
        ProviderId::GigaChat
    }

    /// A ticket is ready at once; a second poll is for a lost answer.
    fn poll_interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn order(&self, request: &ImageRequest) -> Result<Ordered, ProviderError> {
        within(self.total(), async {
            let reply = self.ask(request).await?;
            // One choice was asked for.
            let choice = reply.choices.into_iter().next();
            let Choice { message, finish_reason } = choice.ok_or_else(|| broken("the completion has no choice"))?;
            if finish_reason.as_deref() == Some("error") {
                return Err(broken("the vendor ended the answer with an error"));
            }
            let content = message.and_then(|message| message.content).unwrap_or_default();
            let file = drawn_file(&content).ok_or_else(content_refused)?;
            if is_path_segment(file) {
                Ok(Ordered::Ticket(file.to_owned()))
            } else {
                Err(broken("the vendor's id is not one"))
            }
        })
        .await
    }

    async fn collect(&self, ticket: &str) -> Result<Collected, ProviderError> {
        if !is_path_segment(ticket) {
            return Err(ProviderError::UnknownTicket);
        }
        within(self.total(), async {
            let file = self.fetch(ticket).await.map_err(about_ticket)?;
            file::picture(file).map(Collected::Drawn)
        })
        .await
    }
}

/// The id in `<img src="…" fuse="true"/>`, wherever in the text it is.
fn drawn_file(content: &str) -> Option<&str> {
    let (_, tag) = content.split_once("<img")?;
    let (attributes, _) = tag.split_once('>')?;
    let (_, value) = attributes.split_once("src=\"")?;
    Some(value.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_found_in_the_text() {
        let file = "9f3c1c5e-7a2d-4b60-8f0e-2f4c5d6e7f80";
        for text in [
            format!("<img src=\"{file}\" fuse=\"true\"/>"),
            format!("Вот кот: <img src=\"{file}\" fuse=\"true\"/> — рыжий."),
            format!("<img fuse=\"true\" src=\"{file}\">"),
        ] {
            assert_eq!(drawn_file(&text), Some(file), "{text}");
        }
        for text in ["", "Не могу.", "<img>", "<img fuse=\"true\"/> src=\"x\"", "<img src=\"x"] {
            assert_eq!(drawn_file(text), None, "{text}");
        }
    }
}
