//! Stability AI's fast upscaler.
//!
//! Source: Stability AI REST API v2beta reference, "Upscale: Fast".

use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;
use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::Upscaler;
use domain::kernel::Clock;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use reqwest::multipart::{Form, Part};

use super::{MAX_PICTURE, TIMEOUTS, file};
use crate::http::{Auth, Failure, HttpClient, endpoint, within};
use crate::provider_error::content_refused;
use crate::{Secret, Timeouts};

/// How many times wider and higher the copies are.
const SCALE: u32 = 4;

/// The shortest and longest sides that are taken, in pixels.
const SIDES: RangeInclusive<u32> = 32..=1536;

/// The most pixels that are taken.
const MAX_PIXELS: u32 = 1_048_576;

/// Settings of Stability AI's upscaler.
#[derive(Debug, Clone)]
pub struct StabilitySettings {
    /// Base URL; `/v2beta/stable-image/upscale/fast` is appended.
    pub base_url: String,
    /// The API key, sent as Bearer.
    pub api_key: Secret,
    /// The vendor upscales while the caller waits.
    pub timeouts: Timeouts,
}

impl StabilitySettings {
    pub fn new(api_key: Secret) -> Self {
        Self { base_url: "https://api.stability.ai".to_owned(), api_key, timeouts: TIMEOUTS }
    }
}

/// Stability AI's fast upscaler: four times the sides of pictures of at most 1,048,576 pixels and 1536 a side.
///
/// 403 is the content filter's answer. A PNG is asked for.
pub struct Stability {
    settings: StabilitySettings,
    http: HttpClient,
}

impl Stability {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: StabilitySettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("stability", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn ask(&self, png: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let StabilitySettings { base_url, api_key, .. } = &self.settings;
        let picture = Part::bytes(png).file_name("picture.png").mime_str("image/png");
        let picture = picture.map_err(|error| Failure::Misconfigured(error.to_string()))?;
        let form = Form::new().part("image", picture).text("output_format", "png");
        let post = self.http.post(endpoint(base_url, "/v2beta/stable-image/upscale/fast"))?;
        let auth = Auth { header: AUTHORIZATION, scheme: "Bearer ", secret: api_key };
        let answer = self.http.open(post.header(ACCEPT, "image/*").multipart(form), &auth).await?;
        answer.whole(MAX_PICTURE).await
    }
}

#[async_trait]
impl Upscaler for Stability {
    fn provider(&self) -> ProviderId {
        ProviderId::Stability
    }

    fn takes(&self, width: u32, height: u32, scale: u32) -> bool {
        scale <= SCALE && SIDES.contains(&width) && SIDES.contains(&height) && width * height <= MAX_PIXELS
    }

    async fn enlarge(&self, png: Vec<u8>) -> Result<Vec<u8>, ProviderError> {
        within(self.settings.timeouts.total, async { file::picture(self.ask(png).await.map_err(meaning)?) }).await
    }
}

fn meaning(failure: Failure) -> ProviderError {
    match failure {
        Failure::Answered(answer) if answer.status == 403 => content_refused(),
        failure => failure.into(),
    }
}
