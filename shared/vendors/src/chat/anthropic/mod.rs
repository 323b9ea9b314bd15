//! Anthropic's Messages API.
//!
//! Source: Anthropic API reference, "Messages", "Streaming messages", "Tool use", "Errors" and "Versions".
//!
//! # Requests
//!
//! | OpenAI | Anthropic |
//! |---|---|
//! | `system` and `developer` messages, in any position | blocks of `system`, in order |
//! | texts of `user` and `assistant`; refusals | `text` blocks; empty ones, which the vendor rejects, are dropped |
//! | `image_url` | `image` with the source `base64` for `data:…;base64,`, `url` for `http(s):` |
//! | `tool_calls` | `tool_use` blocks |
//! | `tool` messages | `tool_result` blocks of a user's turn |
//! | consecutive messages of one role | one turn |
//! | `tools` | `tools` with `input_schema` |
//! | `tool_choice` `none`, `auto`, `required`, a function | `none`, `auto`, `any`, `tool` |
//! | `parallel_tool_calls: false` | `disable_parallel_tool_use` |
//! | `temperature` up to 1, `top_p`, `stop`, `user` | the same, `stop_sequences`, `metadata.user_id` |
//!
//! Refused: `temperature` above 1, `response_format` with JSON (a forced tool would change what the model does and how
//! it stops), `strict` functions, `reasoning_effort`, `n` above 1, `seed`, probabilities, penalties, biases, sounds,
//! files, functions in the deprecated form, arguments of a call that are no JSON object, and unknown fields.
//!
//! # Answers
//!
//! Texts are the content, thinking is `reasoning_content`, `tool_use` is a call with its input as a string.
//! `stop_reason` `max_tokens` and `model_context_window_exceeded` are `length`, `tool_use` is `tool_calls`, `refusal`
//! is `content_filter`, others are `stop`; `pause_turn`, which only the vendor's own tools cause, is `Broken`. Tokens
//! written to the cache and read from it count as read; the latter are `cached`. The vendor does not count reasoning
//! apart.

mod answer;
mod messages;
mod request;
mod stream;

use std::slice;
use std::sync::Arc;

use async_trait::async_trait;
use domain::gateway::{Call, ChatStream, Completion, ProviderError, Vendor};
use domain::kernel::Clock;
use reqwest::header::HeaderName;

use self::request::Request;
use self::stream::Events;
use super::stream::{Source, Stream, end_of_call, opened};
use super::whole;
use crate::http::{Auth, Body, Complaint, Failure, HttpClient, endpoint};
use crate::{Secret, Timeouts};

/// The vendor's name in messages to callers.
const VENDOR: &str = "Anthropic";

/// Version of the protocol. Later ones (2026-10-21) reject sampling parameters.
const VERSION: &str = "2023-06-01";

#[derive(Debug, Clone)]
pub struct AnthropicSettings {
    /// Base URL without the version; `/v1/messages` is appended.
    pub base_url: String,
    /// The API key, sent as `x-api-key`.
    pub api_key: Secret,
    pub timeouts: Timeouts,
}

impl AnthropicSettings {
    pub fn new(api_key: Secret) -> Self {
        Self { base_url: "https://api.anthropic.com".to_owned(), api_key, timeouts: Timeouts::default() }
    }
}

pub struct Anthropic {
    settings: AnthropicSettings,
    http: HttpClient,
}

impl Anthropic {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: AnthropicSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("anthropic", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn open(&self, request: &Request<'_>) -> Result<Body, Failure> {
        let AnthropicSettings { base_url, api_key, .. } = &self.settings;
        let post = self.http.post(endpoint(base_url, "/v1/messages"))?;
        let post = post.header("anthropic-version", VERSION).json(request);
        let auth = Auth { header: HeaderName::from_static("x-api-key"), scheme: "", secret: api_key };
        self.http.open(post, &auth).await
    }
}

#[async_trait]
impl Vendor for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    async fn complete(&self, call: Call<'_>) -> Result<Completion, ProviderError> {
        let request = Request::of(call, false)?;
        let answer = whole(&self.settings.timeouts, self.open(&request)).await?;
        answer::read(&answer, |json| Complaint::from_json(json, slice::from_ref(&self.settings.api_key)))
    }

    async fn stream(&self, call: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError> {
        let end = end_of_call(&self.settings.timeouts);
        let request = Request::of(call, true)?;
        let opened = opened(end, self.open(&request)).await?;
        Ok(Box::new(Stream::new(Source::events(opened), Events::default(), end)))
    }
}
