//! `EMAIL#{address}` / `EMAIL` and `LINK#{origin}#{subject}` / `LINK` point to a user; `USER#{id}` holds `PROFILE` and
//! one `FAMILY#{id}` per log-in; `ATTEMPT#{state}` / `USED` marks the state of an OAuth callback as used, until it
//! expires.

use serde::{Deserialize, Serialize};
use store::Key;
use uuid::Uuid;

use super::model::{Email, IdentityProvider, User};
use crate::kernel::{Error, Result, Timestamp, UserId, from_epoch_millis};

pub(super) const FAMILY_PREFIX: &str = "FAMILY#";

pub(super) fn email_key(email: &Email) -> Key {
    Key::new(format!("EMAIL#{email}"), "EMAIL")
}

pub(super) fn link_key(origin: IdentityProvider, subject: &str) -> Key {
    let origin = match origin {
        IdentityProvider::Local => "local",
        IdentityProvider::Google => "google",
        IdentityProvider::Yandex => "yandex",
    };
    Key::new(format!("LINK#{origin}#{subject}"), "LINK")
}

pub(super) fn login_state_key(state: &str) -> Key {
    Key::new(format!("ATTEMPT#{state}"), "USED")
}

pub(super) fn user_partition(user: UserId) -> String {
    format!("USER#{user}")
}

pub(super) fn user_key(user: UserId) -> Key {
    Key::new(user_partition(user), "PROFILE")
}

pub(super) fn family_key(user: UserId, family: Uuid) -> Key {
    Key::new(user_partition(user), format!("{FAMILY_PREFIX}{family}"))
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EmailItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) user: UserId,
}

/// The user of an account at an identity provider.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LinkItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) user: UserId,
    /// Milliseconds since 1970.
    pub(super) linked_at: i64,
}

/// The state of an OAuth callback that was used.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UsedLoginStateItem {
    #[serde(flatten)]
    pub(super) key: Key,
    /// Id of the write: a retry after a lost answer recognises its own item.
    pub(super) claim: Uuid,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UserItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) user: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) origin: StoredOrigin,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password_hash: Option<String>,
    /// Milliseconds since 1970.
    pub(super) created_at: i64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredOrigin {
    Local,
    Google,
    Yandex,
}

impl From<IdentityProvider> for StoredOrigin {
    fn from(origin: IdentityProvider) -> Self {
        match origin {
            IdentityProvider::Local => Self::Local,
            IdentityProvider::Google => Self::Google,
            IdentityProvider::Yandex => Self::Yandex,
        }
    }
}

impl From<StoredOrigin> for IdentityProvider {
    fn from(origin: StoredOrigin) -> Self {
        match origin {
            StoredOrigin::Local => Self::Local,
            StoredOrigin::Google => Self::Google,
            StoredOrigin::Yandex => Self::Yandex,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FamilyItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) family: Uuid,
    #[serde(rename = "generation")]
    pub(super) rotation: u64,
    /// Milliseconds since 1970.
    pub(super) rotated_at: i64,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
}

impl UserItem {
    pub(super) fn new(user: &User, password_hash: Option<String>) -> Self {
        Self {
            key: user_key(user.id),
            user: user.id,
            email: user.email.as_ref().map(|email| email.as_str().to_owned()),
            name: user.name.clone(),
            origin: user.origin.into(),
            password_hash,
            created_at: user.created_at.as_millisecond(),
        }
    }
}

impl FamilyItem {
    pub(super) fn new(user: UserId, family: Uuid, now: Timestamp, expires_at: i64) -> Self {
        Self { key: family_key(user, family), family, rotation: 0, rotated_at: now.as_millisecond(), expires_at }
    }
}

impl TryFrom<UserItem> for User {
    type Error = Error;

    fn try_from(item: UserItem) -> Result<Self> {
        let email = item.email.as_deref().map(Email::parse).transpose();
        let email = email.map_err(|_| Error::internal("stored user", "e-mail does not parse"))?;
        let created_at = from_epoch_millis(item.created_at);
        Ok(Self { id: item.user, email, name: item.name, origin: item.origin.into(), created_at })
    }
}
