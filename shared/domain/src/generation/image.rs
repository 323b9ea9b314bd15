//! The port to image models.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::ProviderId;
use crate::gateway::ProviderError;

/// A request for a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRequest {
    /// In the user's words. At most 1000 characters.
    pub prompt: String,
    pub style: ImageStyle,
    /// Pixels. A vendor that does not draw this size draws the nearest it can, of the same aspect ratio if possible;
    /// the picture is resampled.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Style of a picture. The names are FusionBrain's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageStyle {
    /// The model's own.
    Default,
    Kandinsky,
    /// A detailed photograph.
    Uhd,
    Anime,
}

/// Result of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ordered {
    /// The picture: an image file of the vendor's choice (PNG, JPEG, WebP).
    Drawn(Vec<u8>),
    /// The vendor draws asynchronously: poll with this ticket.
    Ticket(String),
}

/// Result of polling a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    Working,
    /// The picture. A vendor may delete it on delivery, so these bytes are stored before anything else is done.
    Drawn(Vec<u8>),
}

/// A vendor of image models.
#[async_trait]
pub trait ImageModel: Send + Sync {
    fn provider(&self) -> ProviderId;

    /// Interval between two polls.
    fn poll_interval(&self) -> Duration {
        Duration::from_secs(3)
    }

    /// Orders a picture. Not repeated after a time-out: the vendor may be drawing it already.
    async fn order(&self, request: &ImageRequest) -> Result<Ordered, ProviderError>;

    /// Polls for an ordered picture.
    async fn collect(&self, ticket: &str) -> Result<Collected, ProviderError>;
}

/// A vendor that upscales pictures.
#[async_trait]
pub trait Upscaler: Send + Sync {
    fn provider(&self) -> ProviderId;

    /// Whether it accepts a picture of this size, in pixels, and upscales it at least `scale` times.
    fn takes(&self, width: u32, height: u32, scale: u32) -> bool;

    /// An upscaled copy of a PNG, as an image file of the vendor's choice. It may be larger than requested.
    async fn enlarge(&self, png: Vec<u8>) -> Result<Vec<u8>, ProviderError>;
}

pub type SharedEnlarger = Arc<dyn Upscaler>;

pub type SharedImageModel = Arc<dyn ImageModel>;
