//! OpenAI's image models, and servers that imitate them.
//!
//! Source: OpenAI API reference, "Create image" and "Error codes".

use std::sync::Arc;

use async_trait::async_trait;
use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{Collected, ImageModel, ImageRequest, Ordered};
use domain::kernel::Clock;
use reqwest::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};

use super::style::styled;
use super::{MAX_PICTURE, TIMEOUTS, file};
use crate::chat::OpenAiCompatibleSettings;
use crate::http::{Auth, Failure, HttpClient, endpoint, within};
use crate::provider_error::broken;
use crate::{Secret, Timeouts};

/// Sides are multiples of this many pixels where any are taken.
const SIDE_STEP: u32 = 16;

/// Settings of OpenAI's image models, or of a server of the same protocol.
#[derive(Debug, Clone)]
pub struct OpenAiImagesSettings {
    /// Base URL, `/v1` included; `/images/generations` is appended.
    pub base_url: String,
    /// The API key, sent as Bearer. If empty, none is sent, as local servers expect.
    pub api_key: Secret,
    /// The vendor has no default any more.
    pub model: String,
    /// Whether the model draws any size in multiples of 16. Older ones draw three sizes.
    pub free_sizes: bool,
    /// The vendor draws while the caller waits.
    pub timeouts: Timeouts,
}

impl OpenAiImagesSettings {
    /// A model of OpenAI's own, everything else by default.
    pub fn new(api_key: Secret, model: impl Into<String>) -> Self {
        Self {
            base_url: OpenAiCompatibleSettings::OPENAI_BASE_URL.to_owned(),
            api_key,
            model: model.into(),
            free_sizes: false,
            timeouts: TIMEOUTS,
        }
    }
}

/// OpenAI's image models, or a server of the same protocol.
///
/// The size sent is that of 1024x1024, 1536x1024 and 1024x1536 with the nearest aspect ratio; with `free_sizes` it is
/// the requested one in multiples of 16. Styles are put into words. There are no tickets.
pub struct OpenAiImages {
    settings: OpenAiImagesSettings,
    http: HttpClient,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    prompt: String,
    n: u32,
    size: String,
}

#[derive(Deserialize)]
struct Reply {
    data: Vec<Drawing>,
}

#[derive(Deserialize)]
struct Drawing {
    b64_json: String,
}

impl OpenAiImages {
    /// The vendor with these settings. Nothing is connected yet.
    pub fn new(settings: OpenAiImagesSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("openai", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn ask(&self, request: &ImageRequest) -> Result<Reply, Failure> {
        let OpenAiImagesSettings { base_url, api_key, model, free_sizes, .. } = &self.settings;
        let (width, height) = size(request.width, request.height, *free_sizes);
        let body = Body { model, prompt: styled(request), n: 1, size: format!("{width}x{height}") };
        let post = self.http.post(endpoint(base_url, "/images/generations"))?.json(&body);
        let auth = Auth { header: AUTHORIZATION, scheme: "Bearer ", secret: api_key };
        self.http.open(post, &auth).await?.json("answer with a picture", MAX_PICTURE).await
    }
}

#[async_trait]
impl ImageModel for OpenAiImages {
    fn provider(&self) -> ProviderId {
        ProviderId::OpenAi
    }

    async fn order(&self, request: &ImageRequest) -> Result<Ordered, ProviderError> {
        within(self.settings.timeouts.total, async {
            let reply = self.ask(request).await?;
            // One picture was asked for.
            let drawing = reply.data.into_iter().next();
            let drawing = drawing.ok_or_else(|| broken("the answer has no picture"))?;
            file::from_base64(&drawing.b64_json).map(Ordered::Drawn)
        })
        .await
    }

    async fn collect(&self, _ticket: &str) -> Result<Collected, ProviderError> {
        Err(ProviderError::UnknownTicket)
    }
}

/// The size to order.
fn size(width: u32, height: u32, free: bool) -> (u32, u32) {
    if free {
        let side = |side: u32| side.saturating_add(SIDE_STEP / 2) / SIDE_STEP * SIDE_STEP;
        return (side(width).max(SIDE_STEP), side(height).max(SIDE_STEP));
    }
    let (width, height) = (u64::from(width), u64::from(height));
    // Between 1:1 and 3:2 the middle is at the square root of 3:2.
    if width * width * 2 > height * height * 3 {
        (1536, 1024)
    } else if height * height * 2 > width * width * 3 {
        (1024, 1536)
    } else {
        (1024, 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_three_shapes_is_ordered() {
        for (wanted, ordered) in [
            ((1024, 1024), (1024, 1024)),
            ((2048, 2048), (1024, 1024)),
            ((512, 512), (1024, 1024)),
            ((2048, 1024), (1536, 1024)),
            ((1024, 2048), (1024, 1536)),
            ((1200, 1000), (1024, 1024)),
            ((1250, 1000), (1536, 1024)),
            ((0, 0), (1024, 1024)),
        ] {
            assert_eq!(size(wanted.0, wanted.1, false), ordered, "{wanted:?}");
        }
    }

    #[test]
    fn free_sizes_are_multiples_of_sixteen() {
        for (wanted, ordered) in
            [((2048, 1024), (2048, 1024)), ((512, 512), (512, 512)), ((1000, 1001), (1008, 1008)), ((1, 0), (16, 16))]
        {
            assert_eq!(size(wanted.0, wanted.1, true), ordered, "{wanted:?}");
        }
    }
}
