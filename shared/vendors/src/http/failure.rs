//! Failures of HTTP calls, before a port's own error gives them meaning.

use std::error::Error as StdError;
use std::time::Duration;

use super::Complaint;
use super::complaint::excerpt;
use super::lines::TooMuch;

/// Why a call failed. Messages hold neither keys nor URLs.
#[derive(Debug)]
pub(crate) enum Failure {
    TimedOut,
    /// The connection failed or the answer breaks the protocol.
    Broken(String),
    /// No request could be made: a bad URL, key or certificate in the settings.
    Misconfigured(String),
    /// The vendor answered with an error status.
    Answered(Box<ErrorAnswer>),
}

/// An answer with a status other than 2xx.
#[derive(Debug)]
pub(crate) struct ErrorAnswer {
    pub(crate) status: u16,
    pub(crate) complaint: Complaint,
    pub(crate) retry_after: Option<Duration>,
    /// The vendor's request id, for its support.
    pub(crate) request_id: Option<String>,
}

impl ErrorAnswer {
    /// Status, the vendor's codes and message, and the request id, in one line for the log.
    pub(crate) fn describe(&self) -> String {
        let mut line = format!("{} {}", self.status, self.complaint.describe());
        if let Some(id) = &self.request_id {
            line.push_str(" (request ");
            line.push_str(id);
            line.push(')');
        }
        line
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        let misconfigured = error.is_builder();
        let reason = with_causes(&error.without_url());
        if misconfigured { Self::Misconfigured(reason) } else { Self::Broken(reason) }
    }
}

impl From<TooMuch> for Failure {
    fn from(error: TooMuch) -> Self {
        Self::Broken(error.to_string())
    }
}

impl Failure {
    /// Whether the vendor or the network failed, rather than the request.
    pub(crate) fn is_the_vendors(&self) -> bool {
        match self {
            Self::TimedOut | Self::Broken(_) => true,
            Self::Misconfigured(_) => false,
            Self::Answered(answer) => answer.status >= 500 || answer.status == 429,
        }
    }

    /// A vendor's message that does not parse. Names the position, not the text, which is a user's.
    pub(crate) fn malformed(what: &str, error: &serde_json::Error) -> Self {
        Self::Broken(format!("malformed {what}: {:?} error at column {}", error.classify(), error.column()))
    }
}

/// An error with its chain of causes: reqwest's outermost error says little.
fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    excerpt(&text, &[])
}
