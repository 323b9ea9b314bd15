//! OpenAI's chat completions, and servers that imitate them.
//!
//! Source: OpenAI API reference, "Create chat completion", "Streaming" and "Error codes".

use std::sync::Arc;

use async_trait::async_trait;
use domain::generation::ProviderId;
use domain::generation::text::{OnText, TextError, TextModel, TextOutput, TextRequest};
use domain::kernel::Clock;
use reqwest::header::AUTHORIZATION;
use serde::Serialize;

use super::chat::{self, Message};
use super::output::{Draft, Ending, output};
use super::{EVENT_LIMITS, within};
use crate::http::{Auth, EventStream, Failure, HttpClient, endpoint};
use crate::{Secret, Timeouts};

/// Words of an error that mean money, not haste. They come with 429, but waiting does not help.
pub(crate) const OUT_OF_FUNDS: [&str; 6] = [
    "insufficient_quota",
    "billing_not_active",
    "credit_balance_exhausted",
    "project_spend_limit_exceeded",
    "organization_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
];

/// Words of an error that mean the content filter.
pub(crate) const CONTENT_REFUSED: [&str; 2] = ["content_filter", "content_policy_violation"];

/// The settings of OpenAI or a server that speaks its protocol.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// Where the API is, `/v1` included; `/chat/completions` is added.
    pub base_url: String,
    /// The API key, sent as Bearer. When empty, none is sent, as servers on one's own machine like it.
    pub api_key: Secret,
    /// The model, as the server names it.
    pub model: String,
    /// `OpenAI-Organization`, for keys of several organizations.
    pub organization: Option<String>,
    /// `OpenAI-Project`; for Yandex Cloud's imitation of this protocol, the folder.
    pub project: Option<String>,
    /// The field that carries the limit of tokens.
    pub limit_field: LimitField,
    /// Whether to send the temperature. Reasoning models reject it.
    pub send_temperature: bool,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

/// The name under which the limit of output tokens goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LimitField {
    /// `max_completion_tokens`, which OpenAI's reasoning models require.
    #[default]
    MaxCompletionTokens,
    /// `max_tokens`, deprecated by OpenAI and the only one that older compatible servers know.
    MaxTokens,
}

impl OpenAiSettings {
    /// OpenAI's own address.
    pub const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

    /// A model of OpenAI's own, everything else by default.
    pub fn new(api_key: Secret, model: impl Into<String>) -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            api_key,
            model: model.into(),
            organization: None,
            project: None,
            limit_field: LimitField::default(),
            send_temperature: true,
            timeouts: Timeouts::default(),
        }
    }
}

/// OpenAI, or a server that speaks its protocol.
///
/// 429 has two meanings: `RateLimited`, or `OutOfFunds` when `error.type` or `error.code` says so. `finish_reason`
/// `length` truncates; `content_filter`, and a refusal in the model's own words, are `ContentRefused`.
pub struct OpenAi {
    settings: OpenAiSettings,
    http: HttpClient,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl OpenAi {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: OpenAiSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("openai", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn open(&self, request: &TextRequest) -> Result<EventStream, Failure> {
        let OpenAiSettings { base_url, api_key, model, organization, project, limit_field, send_temperature, .. } =
            &self.settings;
        let limit = |field| (*limit_field == field).then_some(request.max_output_tokens);
        let body = Body {
            model,
            messages: chat::messages(request),
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            temperature: send_temperature.then_some(request.temperature),
            max_completion_tokens: limit(LimitField::MaxCompletionTokens),
            max_tokens: limit(LimitField::MaxTokens),
        };
        let mut post = self.http.post(endpoint(base_url, "/chat/completions"))?.json(&body);
        for (name, value) in [("openai-organization", organization), ("openai-project", project)] {
            if let Some(value) = value {
                post = post.header(name, value);
            }
        }
        let auth = Auth { header: AUTHORIZATION, scheme: "Bearer ", secret: api_key };
        Ok(EventStream::new(self.http.open(post, &auth).await?, EVENT_LIMITS))
    }
}

#[async_trait]
impl TextModel for OpenAi {
    fn provider(&self) -> ProviderId {
        ProviderId::OpenAi
    }

    async fn write(&self, request: &TextRequest, on_text: OnText<'_>) -> Result<TextOutput, TextError> {
        within(self.settings.timeouts.total, async {
            let mut events = self.open(request).await.map_err(meaning)?;
            let mut draft = Draft::new(on_text);
            let end = chat::read(&mut events, &mut draft).await?;
            let ending = match end.finish_reason.as_deref() {
                Some("length") => Ending::Truncated,
                Some("content_filter") => return Err(TextError::ContentRefused),
                _ => Ending::Whole,
            };
            output(request, draft.into_text(), end.usage, ending)
        })
        .await
    }
}

fn meaning(failure: Failure) -> TextError {
    match failure {
        Failure::Answered(answer) if answer.complaint.has_word(&OUT_OF_FUNDS) => TextError::OutOfFunds,
        Failure::Answered(answer) if answer.complaint.has_word(&CONTENT_REFUSED) => TextError::ContentRefused,
        failure => failure.into(),
    }
}
