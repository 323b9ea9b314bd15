//! Sber Kandinsky over FusionBrain's API of pipelines.
//!
//! Source: fusionbrain.ai documentation, "API"; the requests of the vendor's own clients (`mcp_kandinsky` on PyPI,
//! `fusionbrain-api` on npm).

use std::sync::Arc;

use async_trait::async_trait;
use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{Collected, ImageModel, ImageRequest, ImageStyle, Ordered};
use domain::kernel::Clock;
use reqwest::header::HeaderName;
use reqwest::multipart::{Form, Part};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{MAX_PICTURE, MAX_REPLY, TIMEOUTS, about_ticket, file, is_path_segment};
use crate::http::{Auth, Complaint, Failure, HttpClient, endpoint, within};
use crate::provider_error::{broken, content_refused};
use crate::{Secret, Timeouts};

/// Longest side that the vendor draws, in pixels.
const MAX_SIDE: u32 = 1024;
/// Sides are multiples of this many pixels.
const SIDE_STEP: u32 = 64;

#[derive(Debug, Clone)]
pub struct KandinskySettings {
    /// Base URL; `/key/api/v1/…` is appended.
    pub base_url: String,
    /// "API key" on the vendor's site.
    pub api_key: Secret,
    /// "Secret key" on the vendor's site.
    pub secret_key: Secret,
    pub timeouts: Timeouts,
}

impl KandinskySettings {
    pub const DEFAULT_BASE_URL: &str = "https://api-key.fusionbrain.ai";

    /// A pair of keys, everything else by default.
    pub fn new(api_key: Secret, secret_key: Secret) -> Self {
        Self { base_url: Self::DEFAULT_BASE_URL.to_owned(), api_key, secret_key, timeouts: TIMEOUTS }
    }
}

/// Sber Kandinsky, by FusionBrain.
///
/// Draws up to 1024x1024 in multiples of 64: a larger picture is ordered in the same aspect ratio, 2048x1024 as
/// 1024x512.
///
/// The vendor deletes a picture, and a failure too, on delivery: a second poll gets 404, which is `UnknownTicket`.
/// `DISABLED_BY_QUEUE` is `RateLimited`. A picture marked as censored is a stub and counts as `ContentRefused`.
pub struct Kandinsky {
    settings: KandinskySettings,
    http: HttpClient,
    /// Id of the pipeline, once known. Locked while it is fetched, so that concurrent calls wait for it.
    pipeline: Mutex<Option<String>>,
}

#[derive(Deserialize)]
struct Pipeline {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    style: &'static str,
    width: u32,
    height: u32,
    num_images: u32,
    #[serde(rename = "generateParams")]
    drawing: GenerateParams<'a>,
}

#[derive(Serialize)]
struct GenerateParams<'a> {
    query: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    status: String,
    error_description: Option<String>,
    result: Option<Drawing>,
}

#[derive(Deserialize)]
struct Drawing {
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    censored: bool,
}

impl Kandinsky {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: KandinskySettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("kandinsky", settings.timeouts, clock);
        Self { settings, http, pipeline: Mutex::new(None) }
    }

    /// Both keys. The schemes are part of the headers' values.
    fn proofs(&self) -> [Auth<'_>; 2] {
        let KandinskySettings { api_key, secret_key, .. } = &self.settings;
        [
            Auth { header: HeaderName::from_static("x-key"), scheme: "Key ", secret: api_key },
            Auth { header: HeaderName::from_static("x-secret"), scheme: "Secret ", secret: secret_key },
        ]
    }

    fn url(&self, path: &str) -> String {
        endpoint(&self.settings.base_url, &format!("/key/api/v1/{path}"))
    }

    async fn pipeline(&self) -> Result<String, Failure> {
        let mut known = self.pipeline.lock().await;
        if let Some(id) = &*known {
            return Ok(id.clone());
        }
        let get = self.http.get(&self.url("pipelines"))?;
        let list: Vec<Pipeline> = self.http.open_with(get, &self.proofs()).await?.json("pipelines", MAX_REPLY).await?;
        let first = list.into_iter().next();
        let Pipeline { id } = first.ok_or_else(|| Failure::Broken("the vendor has no pipeline".to_owned()))?;
        *known = Some(id.clone());
        Ok(id)
    }

    async fn run(&self, request: &ImageRequest) -> Result<Value, Failure> {
        let pipeline = self.pipeline().await?;
        let (width, height) = size(request.width, request.height);
        let params = Params {
            kind: "GENERATE",
            style: style(request.style),
            width,
            height,
            num_images: 1,
            drawing: GenerateParams { query: &request.prompt },
        };
        let params = serde_json::to_string(&params).map_err(|error| Failure::malformed("order", &error))?;
        // Without its own type the vendor rejects this part with 415.
        let params = Part::text(params).mime_str("application/json")?;
        let form = Form::new().text("pipeline_id", pipeline).part("params", params);
        let post = self.http.post(self.url("pipeline/run"))?.multipart(form);
        match self.http.open_with(post, &self.proofs()).await {
            Ok(body) => body.json("answer to the order", MAX_REPLY).await,
            Err(failure) => {
                // The vendor may have replaced the pipeline: the next order fetches it again.
                if matches!(failure, Failure::Answered(_)) {
                    *self.pipeline.lock().await = None;
                }
                Err(failure)
            }
        }
    }

    /// The ticket in the answer to an order.
    fn ticket(&self, reply: &Value) -> Result<String, ProviderError> {
        let word = |name: &str| reply.get(name).and_then(Value::as_str);
        if let Some(id) = word("uuid") {
            let id = is_path_segment(id).then(|| id.to_owned());
            return id.ok_or_else(|| broken("the vendor's id is not one"));
        }
        // Rejected orders are answered with 200 too.
        match word("pipeline_status").or(word("model_status")) {
            Some("DISABLED_BY_QUEUE") => Err(ProviderError::RateLimited { retry_after: None }),
            Some(_) => Err(broken("the pipeline is switched off")),
            None => Err(ProviderError::Broken(self.complaint(reply))),
        }
    }

    fn complaint(&self, json: &Value) -> String {
        let KandinskySettings { api_key, secret_key, .. } = &self.settings;
        Complaint::from_json(json, &[api_key.clone(), secret_key.clone()]).describe()
    }

    async fn status(&self, ticket: &str) -> Result<Told, Failure> {
        let get = self.http.get(&self.url(&format!("pipeline/status/{ticket}")))?;
        self.http.open_with(get, &self.proofs()).await?.json("status", MAX_PICTURE).await
    }

    fn collected(&self, told: Told) -> Result<Collected, ProviderError> {
        let Told { status, error_description, result } = told;
        if result.as_ref().is_some_and(|drawing| drawing.censored) {
            return Err(content_refused());
        }
        match status.as_str() {
            "INITIAL" | "PROCESSING" => Ok(Collected::Working),
            "DONE" => {
                let file = result.and_then(|drawing| drawing.files.into_iter().next());
                let file = file.ok_or_else(|| broken("done without a picture"))?;
                file::from_base64(&file).map(Collected::Drawn)
            }
            "FAIL" => {
                let reason = Value::from(error_description.unwrap_or_default());
                Err(ProviderError::Broken(self.complaint(&serde_json::json!({ "message": reason }))))
            }
            _ => Err(broken("the vendor tells of an unknown status")),
        }
    }
}

#[async_trait]
impl ImageModel for Kandinsky {
    fn provider(&self) -> ProviderId {
        ProviderId::Kandinsky
    }

    async fn order(&self, request: &ImageRequest) -> Result<Ordered, ProviderError> {
        within(self.settings.timeouts.total, async {
            let reply = self.run(request).await?;
            self.ticket(&reply).map(Ordered::Ticket)
        })
        .await
    }

    async fn collect(&self, ticket: &str) -> Result<Collected, ProviderError> {
        if !is_path_segment(ticket) {
            return Err(ProviderError::UnknownTicket);
        }
        within(self.settings.timeouts.total, async {
            let told = self.status(ticket).await.map_err(about_ticket)?;
            self.collected(told)
        })
        .await
    }
}

/// The vendor's name of a style.
fn style(style: ImageStyle) -> &'static str {
    match style {
        ImageStyle::Default => "DEFAULT",
        ImageStyle::Kandinsky => "KANDINSKY",
        ImageStyle::Uhd => "UHD",
        ImageStyle::Anime => "ANIME",
    }
}

/// The size to order: the requested one, or the largest of its aspect ratio that the vendor draws.
fn size(width: u32, height: u32) -> (u32, u32) {
    let longest = u64::from(width.max(height).max(1));
    let side = |side: u32| {
        let fitted = u64::from(side) * u64::from(MAX_SIDE).min(longest) / longest;
        let steps = (fitted + u64::from(SIDE_STEP / 2)) / u64::from(SIDE_STEP);
        u32::try_from(steps).unwrap_or(u32::MAX).saturating_mul(SIDE_STEP).clamp(SIDE_STEP, MAX_SIDE)
    };
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_their_shape() {
        for ((width, height), drawn) in [
            ((1024, 1024), (1024, 1024)),
            ((2048, 1024), (1024, 512)),
            ((2048, 2048), (1024, 1024)),
            ((512, 512), (512, 512)),
            ((1000, 600), (1024, 576)),
            ((1080, 1920), (576, 1024)),
            ((1, 4000), (64, 1024)),
            ((0, 0), (64, 64)),
            ((u32::MAX, u32::MAX), (1024, 1024)),
        ] {
            assert_eq!(size(width, height), drawn, "{width}x{height}");
        }
    }
}
