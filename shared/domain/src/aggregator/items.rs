//! `COMPANY#{id}` / `PROFILE` is a company; `CONFIRM#{hash}` / `CONFIRM` a confirmation link that was emailed to it.
//!
//! `KEYS#{company}` / `KEY#{id}` is an API key as its owner sees it, `APIKEY#{hash}` / `KEY` the same key by its hash,
//! to authenticate a call.
//!
//! `ANSWERS#{company}` / `ANSWER#{operation}` is the answer of a call with an idempotency key, removed by TTL after a
//! day.
//!
//! `USAGE#{company}` / `DAY#{date}` counts what a company used on a day (UTC), `USAGE#{company}#{key}` / `DAY#{date}`
//! what one key did. The counters are attributes of their own, `{counter}|{provider}|{model}`, so that one update adds
//! to any of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::Key;
use uuid::Uuid;

use super::ids::{CompanyId, KeyId};

pub(super) fn company_key(company: CompanyId) -> Key {
    Key::new(format!("COMPANY#{company}"), "PROFILE")
}

pub(super) fn confirmation_key(hash: &str) -> Key {
    Key::new(format!("CONFIRM#{hash}"), "CONFIRM")
}

pub(super) const KEY_PREFIX: &str = "KEY#";

pub(super) fn keys_partition(company: CompanyId) -> String {
    format!("KEYS#{company}")
}

pub(super) fn api_key_key(company: CompanyId, id: KeyId) -> Key {
    Key::new(keys_partition(company), format!("{KEY_PREFIX}{id}"))
}

pub(super) fn api_key_lookup_key(hash: &str) -> Key {
    Key::new(format!("APIKEY#{hash}"), "KEY")
}

pub(super) fn answer_key(company: CompanyId, operation: Uuid) -> Key {
    Key::new(format!("ANSWERS#{company}"), format!("ANSWER#{operation}"))
}

pub(super) const DAY_PREFIX: &str = "DAY#";

pub(super) fn usage_partition(company: CompanyId, key: Option<KeyId>) -> String {
    match key {
        Some(key) => format!("USAGE#{company}#{key}"),
        None => format!("USAGE#{company}"),
    }
}

pub(super) fn usage_key(company: CompanyId, key: Option<KeyId>, day: &str) -> Key {
    Key::new(usage_partition(company, key), format!("{DAY_PREFIX}{day}"))
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CompanyItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) company: CompanyId,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    pub(super) verified: bool,
    /// Milliseconds since 1970.
    pub(super) created_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConfirmationItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) company: CompanyId,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
}

/// An API key as its owner sees it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ApiKeyItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) id: KeyId,
    pub(super) name: String,
    /// Key of its [`ApiKeyLookupItem`], to revoke it.
    pub(super) hash: String,
    /// Its last four characters.
    #[serde(rename = "hint")]
    pub(super) last_four: String,
    pub(super) permissions: u8,
    pub(super) active: bool,
    /// Milliseconds since 1970.
    pub(super) created_at: i64,
    /// Milliseconds since 1970. Not `expires_at`, which would have the item removed.
    pub(super) valid_until: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_used_at: Option<i64>,
}

/// An API key by its hash.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ApiKeyLookupItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) company: CompanyId,
    pub(super) id: KeyId,
    pub(super) permissions: u8,
    /// Seconds since 1970. TTL removes the item after it.
    pub(super) expires_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AnswerItem {
    #[serde(flatten)]
    pub(super) key: Key,
    /// The body, or the whole stream.
    pub(super) body: String,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
}

/// Usage of a day: `sk` and the counters.
#[derive(Debug, Deserialize)]
pub(super) struct DayItem {
    pub(super) sk: String,
    #[serde(flatten)]
    pub(super) counters: BTreeMap<String, serde_json::Value>,
}
