//! The port to a mail service.

use std::sync::Arc;

use async_trait::async_trait;

/// An email to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// Why the mail service did not accept an email.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No answer in time.
    #[error("timed out")]
    TimedOut,
    /// The service does not send to this address.
    #[error("address refused: {0}")]
    AddressRefused(String),
    /// 5xx, 429, connection failures, answers that break the protocol.
    #[error("failed: {0}")]
    Broken(String),
    /// Our key, our sender or our request is wrong.
    #[error("request refused: {0}")]
    Rejected(String),
}

/// A mail service.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends an email. `key` is an idempotency key: the service sends emails with the same key once.
    async fn send(&self, mail: &Mail, key: &str) -> Result<(), MailError>;
}

/// A shared mail service.
pub type SharedMailer = Arc<dyn Mailer>;

/// Sends an email whose failure must not fail the request: without a service, or when it fails, only the log says so.
pub async fn notify(mailer: Option<&SharedMailer>, mail: &Mail, key: &str) {
    let Some(mailer) = mailer else {
        tracing::info!("no mail service is configured, email not sent");
        return;
    };
    if let Err(error) = mailer.send(mail, key).await {
        tracing::error!(%error, "email not sent");
    }
}
