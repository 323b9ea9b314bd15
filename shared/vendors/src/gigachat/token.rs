//! GigaChat's access token, shared by all calls.

use std::sync::Arc;

use domain::kernel::{Clock, IdSource, Timestamp, from_epoch_millis};
use reqwest::header::AUTHORIZATION;
use serde::Deserialize;
use tokio::sync::Mutex;
use uuid::Builder;

use super::GigaChatSettings;
use crate::Secret;
use crate::http::{Auth, Failure, HttpClient};

/// A token is renewed this long before it expires, in milliseconds.
const REFRESH_EARLY: i64 = 60_000;

/// From this number on (March 1973) an expiry is in milliseconds since 1970; smaller ones (until the year 5138) are in
/// seconds.
const LEAST_MILLIS: i64 = 100_000_000_000;

/// Longest answer of the token endpoint in bytes; a usual one has about 1300.
const MAX_REPLY: usize = 64 * 1024;

/// The access token of one authorization key.
pub(super) struct Tokens {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    /// Locked while a token is fetched, so that concurrent calls wait for it.
    current: Mutex<Option<Token>>,
}

struct Token {
    secret: Secret,
    expires_at: Timestamp,
}

/// The token endpoint's answer. Some installations name the fields `tok` and `exp`.
#[derive(Deserialize)]
struct Reply {
    #[serde(alias = "tok")]
    access_token: String,
    /// Milliseconds since 1970, or seconds when the number is too small for that.
    #[serde(alias = "exp")]
    expires_at: i64,
}

impl Tokens {
    pub(super) fn new(clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { clock, ids, current: Mutex::new(None) }
    }

    /// The current token, or a new one if it expires within a minute.
    pub(super) async fn get(&self, http: &HttpClient, settings: &GigaChatSettings) -> Result<Secret, Failure> {
        let mut current = self.current.lock().await;
        let least = self.clock.now().as_millisecond().saturating_add(REFRESH_EARLY);
        match &*current {
            Some(token) if token.expires_at.as_millisecond() > least => Ok(token.secret.clone()),
            _ => self.renew(&mut current, http, settings).await,
        }
    }

    /// A token in place of a rejected one: new, unless another call has replaced it already.
    pub(super) async fn replace(
        &self,
        rejected: &Secret,
        http: &HttpClient,
        settings: &GigaChatSettings,
    ) -> Result<Secret, Failure> {
        let mut current = self.current.lock().await;
        match &*current {
            Some(token) if token.secret.expose() != rejected.expose() => Ok(token.secret.clone()),
            _ => self.renew(&mut current, http, settings).await,
        }
    }

    async fn renew(
        &self,
        current: &mut Option<Token>,
        http: &HttpClient,
        settings: &GigaChatSettings,
    ) -> Result<Secret, Failure> {
        *current = None;
        let token = self.fetch(http, settings).await?;
        let secret = token.secret.clone();
        *current = Some(token);
        Ok(secret)
    }

    async fn fetch(&self, http: &HttpClient, settings: &GigaChatSettings) -> Result<Token, Failure> {
        let minted = self.ids.uuid(self.clock.now());
        // The vendor requires a version 4; marked as one, the minted id stays unique.
        let request_id = Builder::from_random_bytes(minted.into_bytes()).into_uuid();
        let post = http
            .post(&settings.auth_url)?
            .header("RqUID", request_id.to_string())
            .form(&[("scope", settings.scope.as_str())]);
        let auth = Auth { header: AUTHORIZATION, scheme: "Basic ", secret: &settings.authorization_key };
        let body = http.open(post, &auth).await?.whole(MAX_REPLY).await?;
        let reply: Reply = serde_json::from_slice(&body).map_err(|error| Failure::malformed("token reply", &error))?;
        if reply.access_token.is_empty() {
            return Err(Failure::Broken("the token reply has no token".to_owned()));
        }
        Ok(Token { secret: Secret::new(reply.access_token), expires_at: expiry(reply.expires_at) })
    }
}

fn expiry(number: i64) -> Timestamp {
    from_epoch_millis(if number < LEAST_MILLIS { number.saturating_mul(1000) } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_seconds() {
        let at: Timestamp = "2026-01-21T12:19:35Z".parse().unwrap();
        assert_eq!(expiry(1_768_997_975_000), at);
        assert_eq!(expiry(1_768_997_975), at);
        assert_eq!(expiry(i64::MIN), Timestamp::UNIX_EPOCH);
        assert_eq!(expiry(i64::MAX), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn both_spellings_of_the_reply_are_read() {
        for json in [r#"{"access_token":"t","expires_at":1768997975000}"#, r#"{"tok":"t","exp":1768997975}"#] {
            let reply: Reply = serde_json::from_str(json).unwrap();
            assert_eq!((reply.access_token.as_str(), expiry(reply.expires_at).as_second()), ("t", 1_768_997_975));
        }
    }
}
