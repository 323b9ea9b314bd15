//! `REQUESTS#{scope}` / `{key}`, removed by TTL a day after the request.

use serde::{Deserialize, Serialize};
use store::Key;
use uuid::Uuid;

pub(super) fn request_key(scope: &str, key: &str) -> Key {
    Key::new(format!("REQUESTS#{scope}"), key)
}

/// What an idempotency key was used for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RequestItem {
    #[serde(flatten)]
    pub(super) key: Key,
    /// What the request made.
    pub(super) made: Uuid,
    /// Hash of everything that the request asked for.
    pub(super) fingerprint: String,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
}
