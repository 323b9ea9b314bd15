//! Anthropic's Messages API.
//!
//! Source: Anthropic API reference, "Messages", "Streaming messages", "Errors" and "Versions".

mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use domain::generation::ProviderId;
use domain::generation::text::{OnText, TextError, TextModel, TextOutput, TextRequest};
use domain::kernel::Clock;
use reqwest::header::HeaderName;
use serde::Serialize;

use super::output::{self, Draft, Ending};
use super::{EVENT_LIMITS, within};
use crate::http::{Auth, EventStream, Failure, HttpClient, endpoint};
use crate::{Secret, Timeouts};

/// The version of the protocol. Later ones (2026-10-21) reject sampling parameters.
pub(crate) const VERSION: &str = "2023-06-01";

/// What an account without prepaid credit is told, with status 400 and type `invalid_request_error`.
pub(crate) const OUT_OF_CREDIT: &str = "credit balance is too low";

/// The settings of Anthropic.
#[derive(Debug, Clone)]
pub struct AnthropicSettings {
    /// Where the API is, without the version; `/v1/messages` is added.
    pub base_url: String,
    /// The API key, sent as `x-api-key`.
    pub api_key: Secret,
    /// The model.
    pub model: String,
    /// Whether to send the temperature. Some models reject it.
    pub send_temperature: bool,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

impl AnthropicSettings {
    /// Anthropic's own address.
    pub const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";

    /// A model, everything else by default.
    pub fn new(api_key: Secret, model: impl Into<String>) -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            api_key,
            model: model.into(),
            send_temperature: true,
            timeouts: Timeouts::default(),
        }
    }
}

/// Anthropic.
///
/// An exhausted account is `OutOfFunds`, whether told by 402 (`billing_error`) or by 400 with a sentence about the
/// credit balance. Being overloaded (529) is `Broken`: it says nothing about how often we ask. `stop_reason`
/// `max_tokens` and `model_context_window_exceeded` truncate; `refusal` is `ContentRefused`. Cached tokens count as
/// read.
pub struct Anthropic {
    settings: AnthropicSettings,
    http: HttpClient,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    system: &'a str,
    messages: [Message<'a>; 1],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

impl Anthropic {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: AnthropicSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("anthropic", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn open(&self, request: &TextRequest) -> Result<EventStream, Failure> {
        let AnthropicSettings { base_url, api_key, model, send_temperature, .. } = &self.settings;
        let body = Body {
            model,
            max_tokens: request.max_output_tokens,
            system: &request.system,
            messages: [Message { role: "user", content: &request.prompt }],
            stream: true,
            temperature: send_temperature.then_some(request.temperature),
        };
        let post = self.http.post(endpoint(base_url, "/v1/messages"))?.header("anthropic-version", VERSION).json(&body);
        let auth = Auth { header: HeaderName::from_static("x-api-key"), scheme: "", secret: api_key };
        Ok(EventStream::new(self.http.open(post, &auth).await?, EVENT_LIMITS))
    }
}

#[async_trait]
impl TextModel for Anthropic {
    fn provider(&self) -> ProviderId {
        ProviderId::Anthropic
    }

    async fn write(&self, request: &TextRequest, on_text: OnText<'_>) -> Result<TextOutput, TextError> {
        within(self.settings.timeouts.total, async {
            let mut events = self.open(request).await.map_err(meaning)?;
            let mut draft = Draft::new(on_text);
            let progress = stream::read(&mut events, &mut draft).await?;
            let ending = match progress.stop_reason.as_deref() {
                Some("max_tokens" | "model_context_window_exceeded") => Ending::Truncated,
                Some("refusal") => return Err(TextError::ContentRefused),
                Some("pause_turn") => {
                    return Err(TextError::Broken("the turn was paused, though no tools were given".to_owned()));
                }
                _ => Ending::Whole,
            };
            output::output(request, draft.into_text(), progress.usage.total(), ending)
        })
        .await
    }
}

fn meaning(failure: Failure) -> TextError {
    match failure {
        Failure::Answered(answer) if answer.status == 400 && answer.complaint.message().contains(OUT_OF_CREDIT) => {
            TextError::OutOfFunds
        }
        Failure::Answered(answer) if answer.complaint.has_word(&["billing_error"]) => TextError::OutOfFunds,
        failure => failure.into(),
    }
}
