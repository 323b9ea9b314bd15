//! YandexART.
//!
//! Source: Yandex Cloud AI Studio API reference, "ImageGenerationAsync.Generate" (REST), "Operation", "Quotas and
//! limits".

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{Collected, ImageModel, ImageRequest, Ordered};
use domain::kernel::Clock;
use reqwest::RequestBuilder;
use reqwest::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::style::styled_within;
use super::{MAX_PICTURE, TIMEOUTS, about_ticket, file, is_path_segment};
use crate::http::{Auth, Complaint, Failure, HttpClient, endpoint, within};
use crate::provider_error::{self, broken, content_refused};
use crate::{Secret, Timeouts};

/// Longest prompt that the vendor accepts, in characters.
const MAX_PROMPT: usize = 500;

/// Part of the content filter's message. The filter has no code of its own: "invalid argument" also means a malformed
/// request.
const REFUSAL: &str = "terms of use";

#[derive(Debug, Clone)]
pub struct YandexArtSettings {
    /// Base URL; `/foundationModels/v1/imageGenerationAsync` and `/operations/…` are appended.
    pub base_url: String,
    /// The API key of a service account with the role `ai.imageGeneration.user`.
    pub api_key: Secret,
    /// The model with its folder: `art://<folder>/yandex-art/latest`.
    pub model_uri: String,
    pub timeouts: Timeouts,
}

impl YandexArtSettings {
    pub const DEFAULT_BASE_URL: &str = "https://llm.api.cloud.yandex.net";

    /// The newest model for a folder, everything else by default.
    pub fn new(api_key: Secret, folder: &str) -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            api_key,
            model_uri: format!("art://{folder}/yandex-art/latest"),
            timeouts: TIMEOUTS,
        }
    }
}

/// YandexART.
///
/// Takes an aspect ratio and chooses the size itself. Styles are put into words. A prompt is cut to the 500 characters
/// that the vendor accepts. A picture can be fetched repeatedly, for three days.
///
/// A refusal for the vendor's terms of use, of the order or of the picture, is `ContentRefused`.
pub struct YandexArt {
    settings: YandexArtSettings,
    http: HttpClient,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    model_uri: &'a str,
    messages: [Message; 1],
    generation_options: GenerationOptions,
}

#[derive(Serialize)]
struct Message {
    text: String,
    weight: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GenerationOptions {
    mime_type: &'static str,
    aspect_ratio: AspectRatio,
}

/// 64-bit numbers, which go as strings.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AspectRatio {
    width_ratio: String,
    height_ratio: String,
}

#[derive(Deserialize)]
struct Operation {
    id: String,
    #[serde(default)]
    done: bool,
    error: Option<Value>,
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Response {
    image: String,
}

impl YandexArt {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: YandexArtSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("yandexart", settings.timeouts, clock);
        Self { settings, http }
    }

    fn order_request(&self, request: &ImageRequest) -> Result<RequestBuilder, Failure> {
        let (width, height) = ratio(request.width, request.height);
        let body = Body {
            model_uri: &self.settings.model_uri,
            messages: [Message { text: styled_within(request, MAX_PROMPT), weight: "1" }],
            generation_options: GenerationOptions {
                mime_type: "image/jpeg",
                aspect_ratio: AspectRatio { width_ratio: width.to_string(), height_ratio: height.to_string() },
            },
        };
        let url = endpoint(&self.settings.base_url, "/foundationModels/v1/imageGenerationAsync");
        Ok(self.http.post(&url)?.json(&body))
    }

    async fn operation(&self, request: RequestBuilder) -> Result<Operation, Failure> {
        let auth = Auth { header: AUTHORIZATION, scheme: "Api-Key ", secret: &self.settings.api_key };
        self.http.open(request, &auth).await?.json("operation", MAX_PICTURE).await
    }

    fn collected(&self, operation: Operation) -> Result<Collected, ProviderError> {
        if let Some(error) = operation.error.filter(|error| !error.is_null()) {
            return Err(self.failed(&error));
        }
        if !operation.done {
            return Ok(Collected::Working);
        }
        let response = operation.response.ok_or_else(|| broken("done without a picture"))?;
        file::from_base64(&response.image).map(Collected::Drawn)
    }

    /// The error of an operation. Its code is a `google.rpc.Code`.
    fn failed(&self, error: &Value) -> ProviderError {
        let complaint = Complaint::from_json(error, std::slice::from_ref(&self.settings.api_key));
        if complaint.message().contains(REFUSAL) {
            return content_refused();
        }
        provider_error::from_body(error, &complaint)
    }
}

#[async_trait]
impl ImageModel for YandexArt {
    fn provider(&self) -> ProviderId {
        ProviderId::YandexArt
    }

    /// Pictures take from ten seconds to minutes.
    fn poll_interval(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn order(&self, request: &ImageRequest) -> Result<Ordered, ProviderError> {
        within(self.settings.timeouts.total, async {
            let operation = self.operation(self.order_request(request)?).await.map_err(meaning)?;
            if !is_path_segment(&operation.id) {
                return Err(broken("the vendor's id is not one"));
            }
            let ticket = operation.id.clone();
            Ok(match self.collected(operation)? {
                Collected::Working => Ordered::Ticket(ticket),
                Collected::Drawn(file) => Ordered::Drawn(file),
            })
        })
        .await
    }

    async fn collect(&self, ticket: &str) -> Result<Collected, ProviderError> {
        if !is_path_segment(ticket) {
            return Err(ProviderError::UnknownTicket);
        }
        within(self.settings.timeouts.total, async {
            let get = self.http.get(&endpoint(&self.settings.base_url, &format!("/operations/{ticket}")))?;
            let operation = self.operation(get).await.map_err(about_ticket)?;
            self.collected(operation)
        })
        .await
    }
}

fn meaning(failure: Failure) -> ProviderError {
    match failure {
        Failure::Answered(answer) if answer.complaint.message().contains(REFUSAL) => content_refused(),
        failure => failure.into(),
    }
}

/// The aspect ratio in lowest terms.
fn ratio(width: u32, height: u32) -> (u32, u32) {
    let (mut divisor, mut rest) = (width.max(1), height.max(1));
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (width.max(1) / divisor, height.max(1) / divisor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_in_the_smallest_numbers() {
        assert_eq!(ratio(2048, 1024), (2, 1));
        assert_eq!(ratio(512, 512), (1, 1));
        assert_eq!(ratio(1080, 1920), (9, 16));
        assert_eq!(ratio(7, 5), (7, 5));
        assert_eq!(ratio(0, 3), (1, 3));
    }
}
