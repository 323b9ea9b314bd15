//! Sber GigaChat, version 1 of its chat API.
//!
//! Source: GigaChat API reference (developers.sber.ru), "Get access token", "Chat completions"; recorded traffic of the
//! vendor's own SDK.

mod session;
mod settings;
mod token;

use std::sync::Arc;

use async_trait::async_trait;
use domain::generation::ProviderId;
use domain::generation::text::{OnText, TextError, TextModel, TextOutput, TextRequest};
use domain::kernel::{Clock, IdSource};
use reqwest::header::ACCEPT;
use serde::Serialize;

use super::chat::{self, Message};
use super::output::{Draft, Ending, output};
use super::{EVENT_LIMITS, within};
use crate::http::{EventStream, Failure, HttpClient, endpoint};

pub(crate) use session::Session;
pub use settings::{GigaChatScope, GigaChatSettings, UnknownScope};

/// Sber GigaChat.
///
/// Calls go with an access token that lasts 30 minutes and is shared by all calls of this value. It is fetched by one
/// call while the others wait, a minute before the old one ends. When a call is turned down with 401, the token is
/// fetched anew, once, and the call repeated; a second 401 is `Rejected`.
///
/// `finish_reason` `length` truncates, `blacklist` is `ContentRefused`, `error` is `Broken`. Read tokens are
/// `prompt_tokens` as told, from which the vendor has already taken those of its cache, which it does not charge.
pub struct GigaChat {
    session: Session,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    temperature: f32,
    max_tokens: u32,
}

impl GigaChat {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: GigaChatSettings, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { session: Session::new(settings, clock, ids) }
    }

    async fn open(&self, request: &TextRequest) -> Result<EventStream, Failure> {
        let GigaChatSettings { base_url, model, .. } = self.session.settings();
        let body = Body {
            model,
            messages: chat::messages(request),
            stream: true,
            temperature: request.temperature,
            max_tokens: request.max_output_tokens,
        };
        let url = endpoint(base_url, "/chat/completions");
        let post = |http: &HttpClient| Ok(http.post(&url)?.header(ACCEPT, "text/event-stream").json(&body));
        Ok(EventStream::new(self.session.open(post).await?, EVENT_LIMITS))
    }
}

#[async_trait]
impl TextModel for GigaChat {
    fn provider(&self) -> ProviderId {
        ProviderId::GigaChat
    }

    async fn write(&self, request: &TextRequest, on_text: OnText<'_>) -> Result<TextOutput, TextError> {
        within(self.session.settings().timeouts.total, async {
            let mut events = self.open(request).await?;
            let mut draft = Draft::new(on_text);
            let end = chat::read(&mut events, &mut draft).await?;
            let ending = match end.finish_reason.as_deref() {
                Some("length") => Ending::Truncated,
                Some("blacklist") => return Err(TextError::ContentRefused),
                Some("error") => return Err(TextError::Broken("the vendor ended the text with an error".to_owned())),
                _ => Ending::Whole,
            };
            output(request, draft.into_text(), end.usage, ending)
        })
        .await
    }
}
