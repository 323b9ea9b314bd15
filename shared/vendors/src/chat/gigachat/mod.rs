//! Sber GigaChat, version 1 of its chat API.
//!
//! Source: GigaChat API reference (developers.sber.ru), "Get access token", "Chat completions", "Embeddings"; models
//! and recorded traffic of the vendor's own SDK.
//!
//! # Requests
//!
//! | OpenAI | GigaChat |
//! |---|---|
//! | `system` and `developer` messages, in any position | one `system` message at the beginning, with an empty line between (that it must be first: unverified) |
//! | texts of `user` and `assistant`; refusals | the same |
//! | one tool call of a message | `function_call` with its arguments as an object, and `functions_state_id` if the call's id has it |
//! | `tool` messages | `function` messages with the name of the function that was called; a result that is no JSON goes as a JSON string |
//! | `tools` | `functions` |
//! | `tool_choice` `none`, `auto`, a function | `function_call` `none`, `auto`, `{name}`; `auto` if nothing is said, as the vendor's default is `none` |
//! | `parallel_tool_calls` | nothing: the vendor calls one function at a time, which is within what either value allows |
//! | `temperature`, `top_p` | the same |
//!
//! Refused: several tool calls in one message, `tool_choice: required`, `strict` functions, pictures (the vendor wants
//! them uploaded before), `response_format` with JSON, `stop`, `n` above 1, `seed`, probabilities, penalties, biases,
//! sounds, files, functions in the older form, and whatever is not known here: the vendor would accept most of them and
//! ignore them.
//!
//! # Answers
//!
//! `function_call` is a tool call whose arguments are a string; its id is `giga_` and the vendor's
//! `functions_state_id`, which comes back with the caller's next request, or a new one. `finish_reason` `function_call`
//! is `tool_calls`, `blacklist` is `content_filter`, `error` is `Broken`. `prompt_tokens` as told leaves out those of
//! the vendor's cache (`precached_prompt_tokens`), so both are added up.
//!
//! # Embeddings
//!
//! `POST /embeddings` with `{model, input}` as OpenAI spells it; tokens are told with each vector. Read off the
//! vendor's SDK, not verified against the service.

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
use super::{embeddings, whole};
use crate::gigachat::{GigaChatSettings, Session};
use crate::http::{Body, Failure, HttpClient, endpoint};

/// The vendor's name in messages to callers.
const VENDOR: &str = "GigaChat";

/// Sber GigaChat.
///
/// All calls share an access token that lasts 30 minutes. One call renews it, a minute before it expires, while others
/// wait. After a 401 the token is renewed and the call repeated, once; a second 401 is `Misconfigured`.
pub struct GigaChat {
    session: Session,
    ids: CallIds,
}

/// Mints ids of tool calls that have none.
#[derive(Clone)]
struct CallIds {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

/// Prefix of the vendor's own id in the id of a tool call, which tells it from other vendors' ids.
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

    async fn ask(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Vec<u8>, ProviderError> {
        let opening = self.open(path, "application/json", body);
        Ok(whole(&self.session.settings().timeouts, opening).await?)
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
    /// Texts only: the vendor has no other fields.
    async fn embed(&self, call: EmbeddingCall<'_>) -> Result<Embeddings, ProviderError> {
        #[derive(Serialize)]
        struct Body<'a> {
            model: &'a str,
            input: &'a [String],
        }
        let EmbeddingCall { request, model } = call;
        for (name, value) in request.fields.iter() {
            let is_default = matches!(value.get(), "null" | "\"float\"") || name == "user";
            if !matches!(name, "model" | "input") && !is_default {
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
