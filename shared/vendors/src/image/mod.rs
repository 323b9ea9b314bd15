//! Vendors of image models: [`Kandinsky`], [`YandexArt`], [`GigaChatImages`], [`OpenAiImages`]; [`Stability`] enlarges.
//!
//! OpenAI draws while the caller waits; the others give a ticket first. None retries; GigaChat alone repeats a request,
//! once, when its access token was turned down.
//!
//! How failures are told ([`ImageError`]), for every vendor unless its module says more:
//!
//! | what happens | error |
//! |---|---|
//! | a time-out of [`Timeouts`](crate::Timeouts) runs out | `TimedOut` |
//! | HTTP 429 | `RateLimited`, with `retry-after-ms` or `Retry-After` |
//! | HTTP 402, or a vendor's own words for the same | `OutOfFunds` |
//! | HTTP 404 for a ticket; a ticket that this vendor cannot have given | `Gone` |
//! | HTTP 3xx (redirects are not followed) and other 4xx; settings that make no request | `Rejected` |
//! | HTTP 408, 409, 425, 5xx; connection failures | `Broken` |
//! | a malformed answer, one over 32 MB, a file that is no picture; the vendor gives the drawing up | `Broken` |
//! | the vendor's content filter stops the order or hides the picture | `ContentRefused` |
//!
//! Texts inside errors are at most about 300 characters long and hold no key; they may quote what the vendor said.

mod file;
mod gigachat;
mod kandinsky;
mod openai;
mod stability;
mod style;
mod variables;
mod yandexart;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::generation::image::{ImageError, SharedEnlarger, SharedImageModel};
use domain::kernel::{Clock, IdSource};

use crate::Timeouts;
use crate::http::Failure;
use crate::text::GigaChatSettings;

pub use gigachat::GigaChatImages;
pub use kandinsky::{Kandinsky, KandinskySettings};
pub use openai::{OpenAiImages, OpenAiImagesSettings};
pub use stability::{Stability, StabilitySettings};
pub use yandexart::{YandexArt, YandexArtSettings};

/// The longest answer with a picture in it, in bytes. The largest real ones, PNG of 2048x2048 in base64, have about 15 MB.
const MAX_PICTURE: usize = 32 * 1024 * 1024;

/// The longest answer without a picture, in bytes.
const MAX_REPLY: usize = 256 * 1024;

/// The time-outs of image vendors: 5 seconds to connect, 3 minutes to the first byte, 30 seconds of silence, 5 minutes
/// in all. OpenAI sends the first byte when the picture is drawn.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    first_byte: Duration::from_mins(3),
    silence: Duration::from_secs(30),
    total: Duration::from_mins(5),
};

/// The settings of all image vendors. A vendor without settings is not configured and is not offered.
#[derive(Debug, Clone, Default)]
pub struct ImageVendorsSettings {
    /// Sber Kandinsky, by FusionBrain.
    pub kandinsky: Option<KandinskySettings>,
    /// YandexART.
    pub yandexart: Option<YandexArtSettings>,
    /// Sber GigaChat.
    pub gigachat: Option<GigaChatSettings>,
    /// OpenAI, or a server that speaks its protocol.
    pub openai: Option<OpenAiImagesSettings>,
    /// Stability AI, which enlarges.
    pub stability: Option<StabilitySettings>,
}

/// The configured vendors that draw, in the order of [`ImageVendorsSettings`].
///
/// Costs nothing: connections, TLS set-up and access tokens come with a vendor's first call. Build the vendors once per
/// process and share them. `clock` dates tokens and the waits that vendors ask for; `ids` mints the ids of token requests.
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

/// The configured vendor that enlarges. Costs nothing, like [`image_models`].
pub fn enlarger(settings: &ImageVendorsSettings, clock: &Arc<dyn Clock>) -> Option<SharedEnlarger> {
    let settings = settings.stability.clone()?;
    Some(Arc::new(Stability::new(settings, Arc::clone(clock))))
}

impl From<Failure> for ImageError {
    /// What a failure means when the vendor's module gives it no other meaning.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => Self::TimedOut,
            Failure::Broken(reason) => Self::Broken(reason),
            Failure::Misconfigured(reason) => Self::Rejected(reason),
            Failure::Answered(answer) => match answer.status {
                402 => Self::OutOfFunds,
                429 => Self::RateLimited { retry_after: answer.retry_after },
                408 | 409 | 425 | 500.. => Self::Broken(answer.describe()),
                _ => Self::Rejected(answer.describe()),
            },
        }
    }
}

/// What a failure means when a ticket was asked for: 404 is a ticket that the vendor does not know.
fn about_ticket(failure: Failure) -> ImageError {
    match failure {
        Failure::Answered(answer) if answer.status == 404 => ImageError::Gone,
        failure => failure.into(),
    }
}

/// Whether a vendor's id can be a segment of a path without changing the path.
fn is_path_segment(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=128).contains(&id.len()) && id.chars().all(plain)
}

/// Runs a whole call within its time.
async fn within<T>(total: Duration, call: impl Future<Output = Result<T, ImageError>>) -> Result<T, ImageError> {
    tokio::time::timeout(total, call).await.unwrap_or(Err(ImageError::TimedOut))
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
