//! The port to the receivers' servers.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// A header's name, in small letters, and its value.
pub type Header = (&'static str, String);

/// What a receiver answered, whatever the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentAnswer {
    /// The HTTP status. Redirects are not followed: 3xx is an answer like any other.
    pub status: u16,
    /// How long the receiver asks to wait.
    pub retry_after: Option<Duration>,
    /// The beginning of the body.
    pub excerpt: String,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// No answer in time.
    #[error("timed out")]
    TimedOut,
    /// The address leads where webhooks must not go; nothing was sent.
    #[error("refused: {0}")]
    Refused(String),
    /// There is nobody, or nobody who speaks HTTP.
    #[error("unreachable: {0}")]
    Unreachable(String),
}

/// Sends webhooks.
///
/// Who implements it checks the network address that it connects to against [`super::EgressPolicy`], after DNS, and follows no
/// redirects.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Posts `body` to `url`.
    async fn send(&self, url: &str, headers: &[Header], body: Bytes) -> Result<SentAnswer, SendFailure>;
}

/// A sender by reference, as state holds it.
pub type SharedWebhookSender = Arc<dyn WebhookSender>;
