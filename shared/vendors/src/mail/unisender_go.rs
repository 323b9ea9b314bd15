//! Unisender Go: `POST /ru/transactional/api/v1/email/send.json`.
//!
//! An answer with status 200 can mean that nothing was sent: the reason is in `failed_emails`. Tracking is off, because
//! it rewrites links.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::kernel::Clock;
use domain::mail::{Mail, MailError, Mailer};
use reqwest::header::HeaderName;
use serde::Deserialize;
use serde_json::json;

use crate::http::{Auth, Failure, HttpClient, endpoint};
use crate::{Secret, Timeouts};

/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Longest time to send an email: a caller may be waiting.
const TOTAL: Duration = Duration::from_secs(5);

/// Settings of Unisender Go.
#[derive(Debug, Clone)]
pub struct UnisenderGoSettings {
    /// Base URL of the account's data centre.
    pub base_url: String,
    pub api_key: Secret,
    /// At a confirmed domain.
    pub from_email: String,
    /// May be empty.
    pub from_name: String,
    pub timeouts: Timeouts,
}

impl UnisenderGoSettings {
    /// The first data centre.
    pub const DEFAULT_BASE_URL: &'static str = "https://go1.unisender.ru";
}

/// Unisender Go.
pub struct UnisenderGo {
    settings: UnisenderGoSettings,
    http: HttpClient,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    failed_emails: BTreeMap<String, String>,
}

impl UnisenderGo {
    /// A client that connects at the first email.
    pub fn new(settings: UnisenderGoSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("unisender", settings.timeouts, clock);
        Self { settings, http }
    }

    async fn post(&self, mail: &Mail, key: &str) -> Result<Answer, MailError> {
        let url = endpoint(&self.settings.base_url, "/ru/transactional/api/v1/email/send.json");
        let message = json!({ "message": {
            "recipients": [{ "email": mail.to }],
            "body": { "plaintext": mail.text },
            "subject": mail.subject,
            "from_email": self.settings.from_email,
            "from_name": self.settings.from_name,
            "track_links": 0,
            "track_read": 0,
            "idempotence_key": key,
        }});
        let auth = Auth { header: HeaderName::from_static("x-api-key"), scheme: "", secret: &self.settings.api_key };
        let body = self.http.open(self.http.post(&url)?.json(&message), &auth).await?;
        let bytes = body.whole(MAX_ANSWER).await?;
        serde_json::from_slice(&bytes).map_err(|error| Failure::malformed("answer", &error).into())
    }
}

#[async_trait]
impl Mailer for UnisenderGo {
    async fn send(&self, mail: &Mail, key: &str) -> Result<(), MailError> {
        let answer = tokio::time::timeout(TOTAL, self.post(mail, key)).await.unwrap_or(Err(MailError::TimedOut))?;
        match answer.failed_emails.values().find(|reason| *reason != "duplicate") {
            Some(reason) if reason == "temporary_unavailable" => Err(MailError::Broken(reason.clone())),
            Some(reason) => Err(MailError::AddressRefused(reason.clone())),
            None if answer.status == "success" => Ok(()),
            None => Err(MailError::Broken("an answer that is neither success nor failure".to_owned())),
        }
    }
}

impl From<Failure> for MailError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => Self::TimedOut,
            Failure::Broken(reason) => Self::Broken(reason),
            Failure::Misconfigured(reason) => Self::Rejected(reason),
            Failure::Answered(answer) => match answer.status {
                408 | 409 | 425 | 429 | 500.. => Self::Broken(answer.describe()),
                _ => Self::Rejected(answer.describe()),
            },
        }
    }
}
