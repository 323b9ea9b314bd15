//! Identity providers: [`Google`] (OpenID Connect) and [`Yandex`] (OAuth 2.0 with a profile).
//!
//! Both use the authorization code flow with PKCE. None retries: a code works once.
//!
//! | event | [`OAuthError`] |
//! |---|---|
//! | a time-out of [`Timeouts`] runs out, connection failures, HTTP 408, 425, 429, 5xx, a malformed or oversized answer | `Unavailable` |
//! | the token endpoint answers `invalid_grant` (RFC 6749, 5.2), or Yandex `bad_verification_code` | `InvalidCode` |
//! | any other HTTP 3xx (redirects are not followed) and 4xx; settings that make no request | `Refused` |
//! | an ID token or profile that fails validation: issuer, audience, nonce, signature | `Untrusted` |
//!
//! Messages are at most about 300 characters long and hold no code, verifier, token or client secret.

mod google;
mod variables;
mod yandex;

use std::sync::Arc;
use std::time::Duration;

use domain::identity::{OAuthError, SharedOAuthProvider};
use domain::kernel::Clock;
use reqwest::Url;

use crate::Timeouts;
use crate::http::Failure;

pub use google::{Google, GoogleSettings};
pub use yandex::{Yandex, YandexSettings};

/// Default time-outs: a person waits in front of a blank page, and API Gateway times out after 30 seconds.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(3),
    first_byte: Duration::from_secs(6),
    silence: Duration::from_secs(3),
    total: Duration::from_secs(10),
};

/// Longest answer that is read, in bytes.
const MAX_REPLY: usize = 256 * 1024;

/// Settings of the providers. A provider without settings is not configured.
#[derive(Debug, Clone, Default)]
pub struct OAuthSettings {
    pub google: Option<GoogleSettings>,
    pub yandex: Option<YandexSettings>,
}

/// The configured providers.
///
/// Does no work: connections and Google's keys come with the first sign-in. Build the providers once per process and
/// share them: Google caches its keys.
pub fn oauth_providers(settings: OAuthSettings, clock: &Arc<dyn Clock>) -> Vec<SharedOAuthProvider> {
    let OAuthSettings { google, yandex } = settings;
    let mut providers: Vec<SharedOAuthProvider> = Vec::new();
    providers.extend(google.map(|settings| Arc::new(Google::new(settings, clock.clone())) as SharedOAuthProvider));
    providers.extend(yandex.map(|settings| Arc::new(Yandex::new(settings, clock.clone())) as SharedOAuthProvider));
    providers
}

/// A URL with parameters. An invalid one is returned unchanged; the settings have none.
fn with_parameters(url: &str, parameters: &[(&str, &str)]) -> String {
    Url::parse_with_params(url, parameters).map_or_else(|_| url.to_owned(), Url::into)
}

impl From<Failure> for OAuthError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => Self::Unavailable("timed out".to_owned()),
            Failure::Broken(reason) => Self::Unavailable(reason),
            Failure::Misconfigured(reason) => Self::Refused(reason),
            Failure::Answered(answer) => match (answer.status, answer.complaint.message()) {
                (408 | 425 | 429 | 500.., _) => Self::Unavailable(answer.describe()),
                (_, "invalid_grant" | "bad_verification_code") => Self::InvalidCode,
                _ => Self::Refused(answer.describe()),
            },
        }
    }
}

/// A provider's user id, if it fits into a key.
fn subject(text: String) -> Result<String, OAuthError> {
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text) } else { Err(OAuthError::Untrusted("the person's id is malformed")) }
}
