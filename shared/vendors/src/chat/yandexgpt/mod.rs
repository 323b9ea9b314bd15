//! YandexGPT over its native API.
//!
//! Source: Yandex Cloud AI Studio API reference, "TextGeneration.Completion" (REST).
//!
//! # Requests
//!
//! Texts of `system` (and `developer`), `user` and `assistant` are messages; `temperature` up to 1 and the limit of
//! tokens are `completionOptions`. Everything else is refused: tools and their results, pictures, `top_p`, `stop`,
//! `response_format` with JSON, and unknown fields.
//!
//! # Answers
//!
//! Status `TRUNCATED_FINAL` is `length`, `CONTENT_FILTER` is `content_filter`, `FINAL` is `stop`. The vendor has
//! no cache and does not count reasoning apart.
//!
//! **Streams.** Each line has the whole text so far; the difference to the chunks sent is the next chunk. The vendor
//! may also rewrite what it sent. Then no chunk follows until a line continues the sent ones again. If none does, the
//! last chunk has the vendor's text in [`Chunk::rewritten`](domain::gateway::Chunk::rewritten).

mod answer;
mod request;
mod stream;

use std::slice;
use std::sync::Arc;

use async_trait::async_trait;
use domain::gateway::{Call, ChatStream, Completion, ProviderError, Vendor};
use domain::kernel::Clock;
use reqwest::header::AUTHORIZATION;

use self::request::Request;
use self::stream::Lines;
use super::stream::{Source, Stream, end_of_call, opened};
use super::whole;
use crate::http::{Auth, Body, Complaint, Failure, HttpClient, endpoint};
use crate::{Secret, Timeouts};

/// The vendor's name in messages to callers.
const VENDOR: &str = "YandexGPT";

#[derive(Debug, Clone)]
pub struct YandexGptSettings {
    /// Base URL; `/foundationModels/v1/completion` is appended.
    pub base_url: String,
    /// The API key of a service account with the role `ai.languageModels.user`.
    pub api_key: Secret,
    /// The folder of the models: `yandexgpt/latest` is `gpt://<folder>/yandexgpt/latest`.
    pub folder: String,
    pub timeouts: Timeouts,
}

impl YandexGptSettings {
    pub fn new(api_key: Secret, folder: impl Into<String>) -> Self {
        Self {
            base_url: "https://llm.api.cloud.yandex.net".to_owned(),
            api_key,
            folder: folder.into(),
            timeouts: Timeouts::default(),
        }
    }
}

pub struct YandexGpt {
    settings: YandexGptSettings,
    http: HttpClient,
}

impl YandexGpt {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: YandexGptSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("yandexgpt", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn open(&self, request: &Request) -> Result<Body, Failure> {
        let YandexGptSettings { base_url, api_key, .. } = &self.settings;
        let post = self.http.post(endpoint(base_url, "/foundationModels/v1/completion"))?.json(request);
        self.http.open(post, &Auth { header: AUTHORIZATION, scheme: "Api-Key ", secret: api_key }).await
    }
}

#[async_trait]
impl Vendor for YandexGpt {
    fn name(&self) -> &'static str {
        "yandexgpt"
    }

    async fn complete(&self, call: Call<'_>) -> Result<Completion, ProviderError> {
        let request = Request::of(call, &self.settings.folder, false)?;
        let answer = whole(&self.settings.timeouts, self.open(&request)).await?;
        answer::read(&answer, |json| Complaint::from_json(json, slice::from_ref(&self.settings.api_key)))
    }

    async fn stream(&self, call: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError> {
        let end = end_of_call(&self.settings.timeouts);
        let request = Request::of(call, &self.settings.folder, true)?;
        let opened = opened(end, self.open(&request)).await?;
        Ok(Box::new(Stream::new(Source::lines(opened), Lines::default(), end)))
    }
}
