//! Vendors of image models: [`Kandinsky`], [`YandexArt`], [`GigaChatImages`], [`OpenAiImages`]; [`Stability`] upscales.
//!
//! OpenAI draws while the caller waits; the others return a ticket first. None retries; only GigaChat repeats a
//! request, once, if its access token was rejected.
//!
//! # Errors
//!
//! As those of [`chat`](crate::chat), and for every vendor unless its module says more:
//!
//! | event | error |
//! |---|---|
//! | HTTP 404 for a ticket; a ticket that this vendor cannot have issued | `UnknownTicket` |
//! | a malformed answer, one over 32 MB, a file that is no picture; the vendor cancels the order | `Broken` |
//! | the vendor's content filter stops the order or hides the picture | `ContentRefused` |
//!
//! Messages are at most about 300 characters long and hold no key; they may quote the vendor.

mod file;
mod gigachat;
mod kandinsky;
mod openai;
mod stability;
mod style;
mod variables;
mod yandexart;

use std::sync::Arc;
use std::time::Duration;

use domain::gateway::ProviderError;
use domain::generation::image::{SharedEnlarger, SharedImageModel};
use domain::kernel::{Clock, IdSource};

use crate::Timeouts;
use crate::http::Failure;

pub use gigachat::{GigaChatImages, GigaChatImagesSettings};
pub use kandinsky::{Kandinsky, KandinskySettings};
pub use openai::{OpenAiImages, OpenAiImagesSettings};
pub use stability::{Stability, StabilitySettings};
pub use yandexart::{YandexArt, YandexArtSettings};

/// Longest answer with a picture, in bytes. The largest real ones, PNG of 2048x2048 in base64, have about 15 MB.
const MAX_PICTURE: usize = 32 * 1024 * 1024;

/// Longest answer without a picture, in bytes.
const MAX_REPLY: usize = 256 * 1024;

/// Default time-outs of image vendors. OpenAI sends the first byte when the picture is drawn.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    first_byte: Duration::from_mins(3),
    silence: Duration::from_secs(30),
    total: Duration::from_mins(5),
};

/// Settings of the image vendors. A vendor without settings is not configured.
#[derive(Debug, Clone, Default)]
pub struct ImageVendorsSettings {
    /// Sber Kandinsky, by FusionBrain.
    pub kandinsky: Option<KandinskySettings>,
    /// YandexART.
    pub yandexart: Option<YandexArtSettings>,
    /// Sber GigaChat.
    pub gigachat: Option<GigaChatImagesSettings>,
    /// OpenAI, or a server that speaks its protocol.
    pub openai: Option<OpenAiImagesSettings>,
    /// Stability AI, which upscales.
    pub stability: Option<StabilitySettings>,
}

/// The configured image models, in the order of [`ImageVendorsSettings`].
///
/// Does no work: connections, TLS set-up and access tokens come with a vendor's first call. Build the vendors once per
/// process and share them.
pub fn image_models(
    settings: ImageVendorsSettings,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Vec<SharedImageModel> {
    let ImageVendorsSettings { kandinsky, yandexart, gigachat, openai, stability: _ } = settings;
    let mut models: Vec<SharedImageModel> = Vec::new();
    models.extend(kandinsky.map(|settings| Arc::new(Kandinsky::new(settings, clock.clone())) as SharedImageModel));
    models.extend(yandexart.map(|settings| Arc::new(YandexArt::new(settings, clock.clone())) as SharedImageModel));
    models.extend(
        gigachat
            .map(|settings| Arc::new(GigaChatImages::new(settings, clock.clone(), ids.clone())) as SharedImageModel),
    );
    models.extend(openai.map(|settings| Arc::new(OpenAiImages::new(settings, clock.clone())) as SharedImageModel));
    models
}

/// The configured upscaler. Does no work, like [`image_models`].
pub fn enlarger(settings: &ImageVendorsSettings, clock: &Arc<dyn Clock>) -> Option<SharedEnlarger> {
    let settings = settings.stability.clone()?;
    Some(Arc::new(Stability::new(settings, Arc::clone(clock))))
}

/// The error of polling a ticket: 404 means that the vendor does not know it.
fn about_ticket(failure: Failure) -> ProviderError {
    match failure {
        Failure::Answered(answer) if answer.status == 404 => ProviderError::UnknownTicket,
        failure => failure.into(),
    }
}

/// Whether a vendor's id is safe as a path segment.
fn is_path_segment(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=128).contains(&id.len()) && id.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_would_lead_elsewhere_are_seen() {
        for id in ["9f3c1c5e-7a2d-4b60-8f0e-2f4c5d6e7f80", "fbv1abc_2"] {
            assert!(is_path_segment(id), "{id}");
        }
        for id in ["", "..", "a/b", "a?b", "a b", "%2e", "я", &"a".repeat(129)] {
            assert!(!is_path_segment(id), "{id}");
        }
    }
}
