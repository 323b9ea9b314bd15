//! YandexGPT over its native API.
//!
//! Source: Yandex Cloud AI Studio API reference, "TextGeneration.Completion" (REST).
//!
//! # What a request becomes
//!
//! Texts of `system` (and `developer`), `user` and `assistant` are messages; `temperature` up to 1 and the limit of tokens are
//! `completionOptions`. Everything else is refused: tools and their results, pictures, `top_p`, `stop`, `response_format`
//! with JSON, and whatever is not known here.
//!
//! # What an answer becomes
//!
//! Status `TRUNCATED_FINAL` is `length`, `CONTENT_FILTER` is `content_filter`, `FINAL` is `stop`. Tokens are as told; the vendor knows
//! of no cache, and its figures for reasoning are not told apart.
//!
//! **Streams.** Each line has the whole text so far; what it adds to the pieces given out is the next piece. The vendor may also
//! rewrite what it sent, which cannot be unsaid. Then nothing more is given out until a line continues the given pieces again. If
//! none does, the answer ends with the pieces as they are and the vendor's own usage, and the text is not the vendor's last word;
//! whoever needs that asks for the answer in one piece.

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
use super::{MAX_ANSWER, failure, within};
use crate::http::{Auth, Body, Complaint, Failure, HttpClient, endpoint};
use crate::text::YandexGptSettings as TextSettings;
use crate::{Secret, Timeouts};

/// How messages to callers name the vendor.
const VENDOR: &str = "YandexGPT";

/// The settings of YandexGPT.
#[derive(Debug, Clone)]
pub struct YandexGptSettings {
    /// Where the API is; `/foundationModels/v1/completion` is added.
    pub base_url: String,
    /// The API key of a service account with the role `ai.languageModels.user`.
    pub api_key: Secret,
    /// The folder whose models are asked: the model `yandexgpt/latest` is `gpt://<folder>/yandexgpt/latest`.
    pub folder: String,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

impl YandexGptSettings {
    /// Yandex Cloud's own address, everything else by default.
    pub fn new(api_key: Secret, folder: impl Into<String>) -> Self {
        Self {
            base_url: TextSettings::DEFAULT_BASE_URL.to_owned(),
            api_key,
            folder: folder.into(),
            timeouts: Timeouts::default(),
        }
    }
}

/// YandexGPT.
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
        let answer = within(self.settings.timeouts.total, async {
            let opened = self.open(&request).await.map_err(failure::meaning)?;
            opened.whole(MAX_ANSWER).await.map_err(failure::meaning)
        });
        let answer = answer.await?;
        answer::read(&answer, |json| Complaint::from_json(json, slice::from_ref(&self.settings.api_key)))
    }

    async fn stream(&self, call: Call<'_>) -> Result<Box<dyn ChatStream>, ProviderError> {
        let end = end_of_call(&self.settings.timeouts);
        let request = Request::of(call, &self.settings.folder, true)?;
        let opened = opened(end, self.open(&request)).await?;
        Ok(Box::new(Stream::new(Source::lines(opened), Lines::default(), end)))
    }
}
