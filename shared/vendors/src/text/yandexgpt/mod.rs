//! YandexGPT over its native API.
//!
//! Source: Yandex Cloud AI Studio API reference, "TextGeneration.Completion" (REST).

mod stream;

use std::sync::Arc;

use async_trait::async_trait;
use domain::generation::ProviderId;
use domain::generation::text::{OnText, TextError, TextModel, TextOutput, TextRequest};
use domain::kernel::Clock;
use reqwest::header::AUTHORIZATION;
use serde::Serialize;

use self::stream::Progress;
use super::output::{self, Draft, Ending};
use super::within;
use crate::http::{Auth, Failure, HttpClient, Limits, LineStream, endpoint};
use crate::{Secret, Timeouts};

/// How much of a stream is taken. Every line repeats the text so far, so the whole grows with the square of the text;
/// it is not kept.
const LINE_LIMITS: Limits = Limits { line: 1024 * 1024, total: 256 * 1024 * 1024 };

/// The settings of YandexGPT.
#[derive(Debug, Clone)]
pub struct YandexGptSettings {
    /// Where the API is; `/foundationModels/v1/completion` is added.
    pub base_url: String,
    /// The API key of a service account with the role `ai.languageModels.user`.
    pub api_key: Secret,
    /// The model with its folder: `gpt://<folder>/yandexgpt/latest`.
    pub model_uri: String,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

impl YandexGptSettings {
    /// Yandex Cloud's own address.
    pub const DEFAULT_BASE_URL: &str = "https://llm.api.cloud.yandex.net";

    /// A model, everything else by default.
    pub fn new(api_key: Secret, model_uri: impl Into<String>) -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            api_key,
            model_uri: model_uri.into(),
            timeouts: Timeouts::default(),
        }
    }
}

/// YandexGPT.
///
/// The stream is JSON by lines, each with the whole text so far; what a line adds to the pieces given out is the next
/// piece. The vendor may also rewrite what it sent. Then **the pieces are a preview only**: nothing more is given out
/// until a line continues the given pieces again, and the returned text is the vendor's last word, which the joined
/// pieces do not equal. Show the returned text in the end.
///
/// Status `TRUNCATED_FINAL` truncates, `CONTENT_FILTER` is `ContentRefused`.
pub struct YandexGpt {
    settings: YandexGptSettings,
    http: HttpClient,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    model_uri: &'a str,
    completion_options: CompletionOptions,
    messages: Vec<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CompletionOptions {
    stream: bool,
    temperature: f32,
    /// A 64-bit number, which goes as a string.
    max_tokens: String,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    text: &'a str,
}

impl YandexGpt {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: YandexGptSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("yandexgpt", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn open(&self, request: &TextRequest) -> Result<LineStream, Failure> {
        let YandexGptSettings { base_url, api_key, model_uri, .. } = &self.settings;
        let system = Message { role: "system", text: &request.system };
        let user = Message { role: "user", text: &request.prompt };
        let body = Body {
            model_uri,
            completion_options: CompletionOptions {
                stream: true,
                temperature: request.temperature,
                max_tokens: request.max_output_tokens.to_string(),
            },
            messages: if request.system.is_empty() { vec![user] } else { vec![system, user] },
        };
        let post = self.http.post(endpoint(base_url, "/foundationModels/v1/completion"))?.json(&body);
        let auth = Auth { header: AUTHORIZATION, scheme: "Api-Key ", secret: api_key };
        Ok(LineStream::new(self.http.open(post, &auth).await?, LINE_LIMITS))
    }
}

#[async_trait]
impl TextModel for YandexGpt {
    fn provider(&self) -> ProviderId {
        ProviderId::YandexGpt
    }

    async fn write(&self, request: &TextRequest, on_text: OnText<'_>) -> Result<TextOutput, TextError> {
        within(self.settings.timeouts.total, async {
            let mut lines = self.open(request).await?;
            let mut draft = Draft::new(on_text);
            let Progress { text, usage, ending } = stream::read(&mut lines, &mut draft).await?;
            output::output(request, text, usage, ending.unwrap_or(Ending::Whole))
        })
        .await
    }
}
