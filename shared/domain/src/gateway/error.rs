//! Errors of calls to model vendors.

use std::time::Duration;

/// Why a vendor of models gave no answer, or broke off in the middle of one.
///
/// Messages in [`Rejected`](Self::Rejected), [`Unsupported`](Self::Unsupported) and
/// [`ContentRefused`](Self::ContentRefused) are for the caller; all others are for the log only. None holds a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// One of the time-outs ran out.
    #[error("timed out")]
    TimedOut,
    /// Too many requests, or the vendor's queue is full.
    #[error("rate limited")]
    RateLimited {
        /// The wait that the vendor asks for.
        retry_after: Option<Duration>,
    },
    /// Our account with the vendor is out of money.
    #[error("account with the vendor is out of funds")]
    OutOfFunds,
    /// 5xx, connection failures, answers that break the protocol, streams that break off.
    #[error("failed: {0}")]
    Broken(String),
    /// Our key, address or model name is wrong: a defect of the configuration, not of the request.
    #[error("misconfigured: {0}")]
    Misconfigured(String),
    /// The vendor rejects the request as invalid.
    #[error("request rejected: {message}")]
    Rejected {
        /// In the vendor's words.
        message: String,
        /// The invalid field, as the vendor names it.
        param: Option<String>,
        /// The vendor's code, such as `context_length_exceeded`.
        code: Option<String>,
    },
    /// The vendor's protocol has no counterpart of a field.
    #[error("unsupported: {message}")]
    Unsupported {
        /// The field.
        param: String,
        /// Message for the caller.
        message: String,
    },
    /// The vendor's content filter refused the request or withheld the answer.
    #[error("content refused: {0}")]
    ContentRefused(String),
    /// The vendor does not know the ticket of a picture (any more).
    #[error("ticket unknown")]
    UnknownTicket,
}

impl ProviderError {
    /// A field that the vendor has no counterpart of.
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Unsupported { param: param.into(), message: message.into() }
    }

    /// Whether the vendor or our configuration failed, rather than this request: it counts against the deployment.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::TimedOut | Self::RateLimited { .. } | Self::OutOfFunds | Self::Broken(_) | Self::Misconfigured(_) => {
                true
            }
            Self::Rejected { .. } | Self::Unsupported { .. } | Self::ContentRefused(_) | Self::UnknownTicket => false,
        }
    }

    /// Whether the vendor answered, if only with a refusal.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::Misconfigured(_)) || !self.is_outage()
    }
}
