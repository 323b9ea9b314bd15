//! The port to image models.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::ProviderId;

/// A picture to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRequest {
    /// What it shows, in the user's words. At most 1000 characters.
    pub prompt: String,
    /// How it is drawn.
    pub style: ImageStyle,
    /// Pixels wanted. A vendor that does not draw this size draws the nearest it can, preferably of the same shape; the picture is resampled.
    pub width: u32,
    /// Pixels wanted.
    pub height: u32,
}

/// How a picture is drawn. The names are FusionBrain's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageStyle {
    /// As the model likes.
    Default,
    /// In the manner of Kandinsky.
    Kandinsky,
    /// A detailed photograph.
    Uhd,
    /// Anime.
    Anime,
}

/// The answer to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ordered {
    /// It is drawn: an image file in a format that the vendor likes (PNG, JPEG, WebP).
    Drawn(Vec<u8>),
    /// It will be drawn; ask for it with this ticket.
    Ticket(String),
}

/// The answer to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// Not drawn yet.
    Working,
    /// It is drawn. A vendor may forget it once it has handed it out, so these bytes are kept before anything else is done.
    Drawn(Vec<u8>),
}

/// A vendor that draws.
#[async_trait]
pub trait ImageModel: Send + Sync {
    /// Who this is.
    fn provider(&self) -> ProviderId;

    /// How often a ticket should be asked for.
    fn poll_interval(&self) -> Duration {
        Duration::from_secs(3)
    }

    /// Orders a picture. Not repeated after a time-out: the vendor may be drawing it.
    async fn order(&self, request: &ImageRequest) -> Result<Ordered, ImageError>;

    /// Asks for an ordered picture.
    async fn collect(&self, ticket: &str) -> Result<Collected, ImageError>;
}

/// A vendor that makes larger copies of pictures.
#[async_trait]
pub trait Enlarger: Send + Sync {
    /// Who this is.
    fn provider(&self) -> ProviderId;

    /// Whether it takes a picture of this size, in pixels, and enlarges it at least `scale` times.
    fn takes(&self, width: u32, height: u32, scale: u32) -> bool;

    /// A larger copy of a PNG, as an image file in a format that the vendor likes. It may be larger than asked for.
    async fn enlarge(&self, png: Vec<u8>) -> Result<Vec<u8>, ImageError>;
}

/// Such a vendor by reference, as state holds it.
pub type SharedEnlarger = Arc<dyn Enlarger>;

/// Why a vendor drew nothing.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// No answer in time.
    #[error("timed out")]
    TimedOut,
    /// Asked too often, or the vendor's queue is full; `retry_after` if the vendor said.
    #[error("rate limited")]
    RateLimited {
        /// How long the vendor asks to wait.
        retry_after: Option<Duration>,
    },
    /// Our account with the vendor is out of money.
    #[error("account with the vendor is out of funds")]
    OutOfFunds,
    /// 5xx, connection failures, answers that break the protocol, a drawing that the vendor gave up.
    #[error("failed: {0}")]
    Broken(String),
    /// Our key or our request is wrong: a defect in configuration or code.
    #[error("request refused: {0}")]
    Rejected(String),
    /// The vendor's content filter refused the prompt or hid the picture.
    #[error("content refused")]
    ContentRefused,
    /// The vendor does not know the ticket (any more).
    #[error("ticket unknown")]
    Gone,
}

/// A vendor by reference, as state holds it.
pub type SharedImageModel = Arc<dyn ImageModel>;
