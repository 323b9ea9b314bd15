//! Sber GigaChat, version 1 of its chat API.
//!
//! Source: GigaChat API reference (developers.sber.ru), "Get access token", "Chat completions", "Embeddings"; models and recorded
//! traffic of the vendor's own SDK.
//!
//! # What a request becomes
//!
//! | OpenAI | GigaChat |
//! |---|---|
//! | `system` and `developer` messages, wherever they are | one `system` message at the beginning, with an empty line between (that it must be first: unverified) |
//! | texts of `user` and `assistant`; refusals | the same |
//! | one tool call of a message | `function_call` with its arguments as an object, and `functions_state_id` if the call's id has it |
//! | `tool` messages | `function` messages with the name of the function that was called; a result that is no JSON goes as a JSON string |
//! | `tools` | `functions` |
//! | `tool_choice` `none`, `auto`, a function | `function_call` `none`, `auto`, `{name}`; `auto` if nothing is said, as the vendor's default is `none` |
//! | `parallel_tool_calls` | nothing: the vendor calls one function at a time, which is within what either value allows |
//! | `temperature`, `top_p` | the same |
//!
//! Refused: several tool calls in one message, `tool_choice: required`, `strict` functions, pictures (the vendor wants them
//! uploaded before), `response_format` with JSON, `stop`, `n` above 1, `seed`, probabilities, penalties, biases, sounds, files,
//! functions in the older form, and whatever is not known here: the vendor would take most of them and not heed them.
//!
//! # What an answer becomes
//!
//! `function_call` is a tool call whose arguments are a string; its id is `giga_` and the vendor's `functions_state_id`, which comes
//! back with the caller's next request, or a new one. `finish_reason` `function_call` is `tool_calls`, `blacklist` is
//! `content_filter`, `error` is `Broken`. `prompt_tokens` as told leaves out those of the vendor's cache
//! (`precached_prompt_tokens`), so both are added up.
//!
//! # Vectors
//!
//! `POST /embeddings` with `{model, input}` as OpenAI spells it; tokens are told with each vector. Read off the vendor's SDK, not
//! verified against the service.

mod answer;
mod request;
mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use domain::gateway::{Call, ChatStream, Completion, Embedder, EmbeddingCall, Embeddings, ProviderError, Vendor};
use domain::kernel::{Clock, IdSource};
use reqwest::header::ACCEPT;
use serde::Serialize;

use self::request::Request;
use self::stream::Chunks;
use super::stream::{Source, Stream, end_of_call, opened};
use super::translation::unsupported;
use super::{MAX_ANSWER, embeddings, failure, within};
use crate::http::{Body, Failure, HttpClient, endpoint};
use crate::text::GigaChatSettings;
use crate::text::gigachat::Session;

/// How messages to callers name the vendor.
const VENDOR: &str = "GigaChat";

/// Sber GigaChat.
///
/// Calls go with an access token that lasts 30 minutes and is shared by all calls of this value. It is fetched by one
/// call while the others wait, a minute before the old one ends. When a call is turned down with 401, the token is
/// fetched anew, once, and the call repeated; a second 401 is `Misconfigured`.
pub struct GigaChat {
    session: Session,
    ids: CallIds,
}

/// Where the ids of calls come from that the vendor gives none.
#[derive(Clone)]
struct CallIds {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// What stands before the vendor's own id in the id of a call, so that no other vendor's id is taken for it.
const STATE_PREFIX: &str = "giga_";

impl CallIds {
    fn id(&self, state: Option<&str>) -> String {
        match state {
            Some(state) if !state.is_empty() => format!("{STATE_PREFIX}{state}"),
            _ => format!("call_{}", self.ids.uuid(self.clock.now()).simple()),
        }
    }
}

impl GigaChat {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: GigaChatSettings, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let call_ids = CallIds { clock: clock.clone(), ids: ids.clone() };
        Self { session: Session::new(settings, clock, ids), ids: call_ids }
    }

    async fn open(&self, path: &str, accept: &str, body: &(impl Serialize + Sync)) -> Result<Body, Failure> {
        let url = endpoint(&self.session.settings().base_url, path);
        let post = |http: &HttpClient| Ok(http.post(&url)?.header(ACCEPT, accept).json(body));
        self.session.open(post).await
    }

    /// A whole answer's bytes.
    async fn ask(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Vec<u8>, ProviderError> {
        within(self.session.settings().timeouts.total, async {
            let opened = self.open(path, "application/json", body).await.map_err(failure::meaning)?;
            opened.whole(MAX_ANSWER).await.map_err(failure::meaning)
        })
        .await
    }
}

#[async_trait]
impl Vendor for GigaChat {
    fn name(&self) -> &'static str {
        "gigachat"
    }

    async fn complete(&self, call: Call<'_>) -> Result<Completion, ProviderError> {
        let answer = self.ask("/chat/completions", &Request::of(call, false)?).await?;
        answer::read(&answer, &self.ids)
    }

    async fn stream(&self, call: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError> {
        let end = end_of_call(&self.session.settings().timeouts);
        let request = Request::of(call, true)?;
        let opened = opened(end, self.open("/chat/completions", "text/event-stream", &request)).await?;
        Ok(Box::new(Stream::new(Source::events(opened), Chunks::new(self.ids.clone()), end)))
    }

    fn embedder(&self) -> Option<&dyn Embedder> {
        Some(self)
    }
}

#[async_trait]
impl Embedder for GigaChat {
    /// Takes texts only, and nothing besides them: the vendor has no other fields.
    async fn embed(&self, call: EmbeddingCall<'_>) -> Result<Embeddings, ProviderError> {
        #[derive(Serialize)]
        struct Body<'a> {
            model: &'a str,
            input: &'a [String],
        }
        let EmbeddingCall { request, model } = call;
        for (name, value) in request.fields.iter() {
            let asks_nothing = matches!(value.get(), "null" | "\"float\"") || name == "user";
            if !matches!(name, "model" | "input") && !asks_nothing {
                return Err(unsupported(VENDOR, name));
            }
        }
        if request.texts.is_empty() {
            return Err(ProviderError::unsupported("input", "GigaChat принимает только тексты, но не токены"));
        }
        let answer = self.ask("/embeddings", &Body { model, input: &request.texts }).await?;
        embeddings::read(&answer, &[])
    }
}
