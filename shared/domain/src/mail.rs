//! The port to a mail service.

use std::sync::Arc;

use async_trait::async_trait;

/// A letter to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The letter, as plain text.
    pub text: String,
}

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// No answer in time.
    #[error("timed out")]
    TimedOut,
    /// The service does not take letters to this address.
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
    /// Hands a letter over. `key` makes a repeat harmless: the service sends letters with the same key once.
    async fn send(&self, mail: &Mail, key: &str) -> Result<(), MailError>;
}

/// A mail service by reference, as state holds it.
pub type SharedMailer = Arc<dyn Mailer>;

/// Sends a letter whose loss nobody must be held up by. Without a service, and when it fails, there is a line in the log and no letter.
pub async fn notify(mailer: Option<&SharedMailer>, mail: &Mail, key: &str) {
    let Some(mailer) = mailer else {
        tracing::info!("no mail service is configured, letter not sent");
        return;
    };
    if let Err(error) = mailer.send(mail, key).await {
        tracing::error!(%error, "letter not sent");
    }
}
