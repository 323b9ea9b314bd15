//! Why a vendor gave no answer.

use std::time::Duration;

/// Why a vendor gave no answer, or no more of one.
///
/// Texts in [`ProviderError::Rejected`], [`ProviderError::Unsupported`] and [`ProviderError::ContentRefused`] are for the caller of the gateway; all others
/// are for the log only. None holds a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No answer, or silence in the middle of one, for too long.
    #[error("timed out")]
    TimedOut,
    /// Asked too often; `retry_after` if the vendor said.
    #[error("rate limited")]
    RateLimited {
        /// How long the vendor asks to wait.
        retry_after: Option<Duration>,
    },
    /// Our account with the vendor is out of money.
    #[error("account with the vendor is out of funds")]
    OutOfFunds,
    /// 5xx, connection failures, answers that break the protocol, streams that break off.
    #[error("failed: {0}")]
    Broken(String),
    /// Our key, address or model name is wrong: a defect of our configuration, not of the request.
    #[error("misconfigured: {0}")]
    Misconfigured(String),
    /// The vendor says that the request is wrong.
    #[error("request rejected: {message}")]
    Rejected {
        /// In the vendor's words.
        message: String,
        /// The field that is wrong, as the vendor names it.
        param: Option<String>,
        /// The vendor's word for it, such as `context_length_exceeded`.
        code: Option<String>,
    },
    /// The vendor has nothing that this field could be translated to.
    #[error("unsupported: {message}")]
    Unsupported {
        /// The field.
        param: String,
        /// What to say.
        message: String,
    },
    /// The vendor's content filter refused the request.
    #[error("content refused: {0}")]
    ContentRefused(String),
}

impl ProviderError {
    /// A field that the vendor has no counterpart of.
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Unsupported { param: param.into(), message: message.into() }
    }

    /// Whether the failure says something about the vendor or our configuration rather than about the request: somebody else may do better.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::TimedOut | Self::RateLimited { .. } | Self::OutOfFunds | Self::Broken(_) | Self::Misconfigured(_) => {
                true
            }
            Self::Rejected { .. } | Self::Unsupported { .. } | Self::ContentRefused(_) => false,
        }
    }
}
