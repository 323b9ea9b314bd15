//! The keys that sign ID tokens (JWKS, RFC 7517). They rotate.

use std::collections::HashMap;
use std::sync::Arc;

use domain::identity::OAuthError;
use domain::kernel::{Clock, Timestamp, epoch_seconds};
use jsonwebtoken::DecodingKey;
use reqwest::header::{AGE, CACHE_CONTROL};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::super::MAX_REPLY;
use crate::http::HttpClient;

/// Seconds that keys without `max-age` are cached.
const USUAL_LIFE: i64 = 300;
/// Most seconds that keys are cached, whatever `max-age` says.
const LONGEST_LIFE: i64 = 24 * 3600;
/// Least seconds between two fetches because of an unknown key id.
const PAUSE: i64 = 60;

/// The keys, fetched on demand.
///
/// Cached as `Cache-Control` says. An unknown key id triggers a fetch, at most once a minute, because keys may rotate
/// earlier than announced.
pub(super) struct Keys {
    url: String,
    clock: Arc<dyn Clock>,
    /// Locked while keys are fetched, so that concurrent calls wait for them.
    held: Mutex<Option<Held>>,
}

struct Held {
    by_id: HashMap<String, DecodingKey>,
    /// Seconds since 1970.
    fetched_at: i64,
    /// Seconds since 1970.
    fresh_until: i64,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Key>,
}

/// Keys of other types parse too, and are ignored.
#[derive(Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
}

impl Keys {
    pub(super) fn new(url: String, clock: Arc<dyn Clock>) -> Self {
        Self { url, clock, held: Mutex::new(None) }
    }

    /// The key called `id`.
    pub(super) async fn get(&self, http: &HttpClient, id: &str) -> Result<DecodingKey, OAuthError> {
        let mut held = self.held.lock().await;
        let now = epoch_seconds(self.clock.now());
        let fresh = held.as_ref().filter(|held| now < held.fresh_until);
        if let Some(key) = fresh.and_then(|held| held.by_id.get(id)) {
            return Ok(key.clone());
        }
        let unknown = OAuthError::Untrusted("the ID token is signed with an unknown key");
        if fresh.is_some_and(|held| now < held.fetched_at + PAUSE) {
            return Err(unknown);
        }
        let fetched = self.fetch(http, self.clock.now()).await?;
        let key = fetched.by_id.get(id).cloned();
        *held = Some(fetched);
        key.ok_or(unknown)
    }

    async fn fetch(&self, http: &HttpClient, now: Timestamp) -> Result<Held, OAuthError> {
        let get = http.get(&self.url)?;
        let body = http.open_hiding(get, Vec::new()).await?;
        let life = life(body.header(&CACHE_CONTROL), body.header(&AGE));
        let set: Set = body.json("key set", MAX_REPLY).await?;
        let now = epoch_seconds(now);
        let by_id = set.keys.into_iter().filter_map(Key::usable).collect();
        Ok(Held { by_id, fetched_at: now, fresh_until: now + life })
    }
}

impl Key {
    /// Id and key, if it is one for RS256 signatures.
    fn usable(self) -> Option<(String, DecodingKey)> {
        let is = |value: &Option<String>, wanted: &str| value.as_deref().is_none_or(|value| value == wanted);
        if self.kty != "RSA" || !is(&self.alg, "RS256") || !is(&self.purpose, "sig") {
            return None;
        }
        let key = DecodingKey::from_rsa_components(&self.n?, &self.e?).ok()?;
        Some((self.kid?, key))
    }
}

/// Seconds that an answer may be cached (RFC 9111, 4.2): `max-age` less its `Age`.
fn life(cache_control: Option<&str>, age: Option<&str>) -> i64 {
    let directives = cache_control.unwrap_or_default().split(',').filter_map(|directive| directive.split_once('='));
    let mut ages = directives.filter(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"));
    let max_age = ages.next().and_then(|(_, value)| value.trim().trim_matches('"').parse::<i64>().ok());
    let age = age.and_then(|age| age.trim().parse::<i64>().ok()).unwrap_or_default();
    max_age.map_or(USUAL_LIFE, |max_age| max_age.saturating_sub(age)).clamp(0, LONGEST_LIFE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_live_as_long_as_they_are_said_to() {
        assert_eq!(life(Some("public, max-age=22400, must-revalidate, no-transform"), None), 22_400);
        assert_eq!(life(Some("Max-Age=\"600\""), Some("100")), 500);
        assert_eq!(life(Some("max-age=100"), Some("600")), 0);
        assert_eq!(life(Some("max-age=99999999999"), None), LONGEST_LIFE);
        for nothing in [None, Some(""), Some("no-cache"), Some("max-age=soon"), Some("s-maxage=5")] {
            assert_eq!(life(nothing, None), USUAL_LIFE, "{nothing:?}");
        }
    }
}
