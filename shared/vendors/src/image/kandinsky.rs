//! Sber Kandinsky over FusionBrain's API of pipelines.
//!
//! Source: fusionbrain.ai documentation, "API"; the requests of the vendor's own clients (`mcp_kandinsky` on PyPI,
//! `fusionbrain-api` on npm).

use std::sync::Arc;

use async_trait::async_trait;
use domain::generation::ProviderId;
use domain::generation::image::{Collected, ImageError, ImageModel, ImageRequest, ImageStyle, Ordered};
use domain::kernel::Clock;
use reqwest::header::HeaderName;
use reqwest::multipart::{Form, Part};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{MAX_PICTURE, MAX_REPLY, TIMEOUTS, about_ticket, file, is_path_segment, within};
use crate::http::{Auth, Complaint, Failure, HttpClient, endpoint};
use crate::{Secret, Timeouts};

/// The longest side that the vendor draws, in pixels.
const MAX_SIDE: u32 = 1024;
/// Sides are multiples of this many pixels.
const SIDE_STEP: u32 = 64;

/// The settings of Kandinsky.
#[derive(Debug, Clone)]
pub struct KandinskySettings {
    /// Where the API is; `/key/api/v1/…` is added.
    pub base_url: String,
    /// The key that the vendor's site calls "API key".
    pub api_key: Secret,
    /// The key that it calls "secret key".
    pub secret_key: Secret,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

impl KandinskySettings {
    /// FusionBrain's own address.
    pub const DEFAULT_BASE_URL: &str = "https://api-key.fusionbrain.ai";

    /// A pair of keys, everything else by default.
    pub fn new(api_key: Secret, secret_key: Secret) -> Self {
        Self { base_url: Self::DEFAULT_BASE_URL.to_owned(), api_key, secret_key, timeouts: TIMEOUTS }
    }
}

/// Sber Kandinsky, by FusionBrain.
///
/// Draws up to 1024x1024 in multiples of 64: a larger picture is ordered in the same shape, 2048x1024 as 1024x512.
///
/// The vendor deletes a picture, and a failure too, when it tells of it: a second question gets 404, which is `Gone`.
/// An overloaded vendor (`DISABLED_BY_QUEUE`) is `RateLimited`. A picture marked as censored is a stub and counts as
/// `ContentRefused`.
pub struct Kandinsky {
    settings: KandinskySettings,
    http: HttpClient,
    /// The id of the pipeline, once known. Locked while it is asked for: whoever comes meanwhile waits and finds it.
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

    /// Both keys. Their words are part of the headers' values.
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
        // Without a type of its own the vendor refuses this part with 415.
        let params = Part::text(params).mime_str("application/json")?;
        let form = Form::new().text("pipeline_id", pipeline).part("params", params);
        let post = self.http.post(self.url("pipeline/run"))?.multipart(form);
        match self.http.open_with(post, &self.proofs()).await {
            Ok(body) => body.json("answer to the order", MAX_REPLY).await,
            Err(failure) => {
                // It may be about a pipeline that the vendor has replaced: the next order asks anew.
                if matches!(failure, Failure::Answered(_)) {
                    *self.pipeline.lock().await = None;
                }
                Err(failure)
            }
        }
    }

    /// The ticket in the answer to an order.
    fn ticket(&self, reply: &Value) -> Result<String, ImageError> {
        let word = |name: &str| reply.get(name).and_then(Value::as_str);
        if let Some(id) = word("uuid") {
            let broken = || ImageError::Broken("the vendor's id is not one".to_owned());
            return is_path_segment(id).then(|| id.to_owned()).ok_or_else(broken);
        }
        // An order that is not taken is answered with 200 too.
        match word("pipeline_status").or(word("model_status")) {
            Some("DISABLED_BY_QUEUE") => Err(ImageError::RateLimited { retry_after: None }),
            Some(_) => Err(ImageError::Broken("the pipeline is switched off".to_owned())),
            None => Err(ImageError::Broken(self.complaint(reply))),
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

    fn collected(&self, told: Told) -> Result<Collected, ImageError> {
        let Told { status, error_description, result } = told;
        if result.as_ref().is_some_and(|drawing| drawing.censored) {
            return Err(ImageError::ContentRefused);
        }
        match status.as_str() {
            "INITIAL" | "PROCESSING" => Ok(Collected::Working),
            "DONE" => {
                let file = result.and_then(|drawing| drawing.files.into_iter().next());
                let file = file.ok_or_else(|| ImageError::Broken("done without a picture".to_owned()))?;
                file::from_base64(&file).map(Collected::Drawn)
            }
            "FAIL" => {
                let reason = Value::from(error_description.unwrap_or_default());
                Err(ImageError::Broken(self.complaint(&serde_json::json!({ "message": reason }))))
            }
            _ => Err(ImageError::Broken("the vendor tells of an unknown status".to_owned())),
        }
    }
}

#[async_trait]
impl ImageModel for Kandinsky {
    fn provider(&self) -> ProviderId {
        ProviderId::Kandinsky
    }

    async fn order(&self, request: &ImageRequest) -> Result<Ordered, ImageError> {
        within(self.settings.timeouts.total, async {
            let reply = self.run(request).await?;
            self.ticket(&reply).map(Ordered::Ticket)
        })
        .await
    }

    async fn collect(&self, ticket: &str) -> Result<Collected, ImageError> {
        if !is_path_segment(ticket) {
            return Err(ImageError::Gone);
        }
        within(self.settings.timeouts.total, async {
            let told = self.status(ticket).await.map_err(about_ticket)?;
            self.collected(told)
        })
        .await
    }
}

/// The vendor's names.
fn style(style: ImageStyle) -> &'static str {
    match style {
        ImageStyle::Default => "DEFAULT",
        ImageStyle::Kandinsky => "KANDINSKY",
        ImageStyle::Uhd => "UHD",
        ImageStyle::Anime => "ANIME",
    }
}

/// The size to order: the wanted one, or the largest of its shape that the vendor draws.
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
