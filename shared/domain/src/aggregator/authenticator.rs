//! API keys, and authentication of calls by access token or API key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use store::{Condition, Delete, Put, Query, Table, Transaction, Update};

use super::ids::{CompanyId, KeyId};
use super::items::{ApiKeyItem, ApiKeyLookupItem, KEY_PREFIX, api_key_key, api_key_lookup_key, keys_partition};
use crate::identity::Identity;
use crate::kernel::{
    AuthFailure, Clock, Denial, Error, IdSource, Resource, Result, Timestamp, digest, epoch_seconds, from_epoch_millis,
};

/// Prefix of every key.
const PREFIX: &str = "ak_live_";
/// Characters of a key after the prefix: 32 random bytes in base 62.
const SECRET_LENGTH: usize = 44;
/// How long an instance caches a key. A revoked key works this much longer in an instance that has it cached.
const CACHE_TTL: Duration = Duration::from_secs(15);
/// How often an instance writes a key's last use: people want to know the day, and each note is a write.
const LAST_USE_INTERVAL: Duration = Duration::from_mins(1);
/// Keys in an instance's cache.
const MAX_CACHED: usize = 10_000;
/// Active keys of one company.
const MAX_KEYS: usize = 100;
/// Default lifetime of a key: the contract's example.
const DEFAULT_LIFETIME: Duration = Duration::from_hours(366 * 24);
/// Longest lifetime of a key.
const MAX_LIFETIME: Duration = Duration::from_hours(5 * 366 * 24);

/// A permission of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Chat completions, embeddings and the list of models.
    Chat,
    /// Balance, transactions and payments.
    Billing,
    /// Usage of the whole company.
    Analytics,
}

impl Permission {
    /// In the contract's order.
    pub const ALL: [Self; 3] = [Self::Chat, Self::Billing, Self::Analytics];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Billing => "billing",
            Self::Analytics => "analytics",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Chat => 1,
            Self::Billing => 2,
            Self::Analytics => 4,
        }
    }
}

/// All permissions.
const ALL_PERMISSIONS: u8 = 7;

/// An authenticated caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    pub company: CompanyId,
    /// `None` for an access token: the company itself.
    pub key: Option<KeyId>,
    permissions: u8,
}

impl Caller {
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions & permission.bit() != 0
    }

    /// Fails with [`Denial::Permission`] if the caller lacks `permission`.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(Error::Forbidden(Denial::Permission)) }
    }

    /// Fails with [`Denial::Permission`] for a key: some operations are the company's only.
    pub fn require_company(&self) -> Result<CompanyId> {
        if self.key.is_none() { Ok(self.company) } else { Err(Error::Forbidden(Denial::Permission)) }
    }
}

/// A credential, not verified yet.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// An API key that is named as one.
    Key(&'a str),
    /// A bearer token: an access token, or an API key, which is what OpenAI's clients send.
    Bearer(&'a str),
}

impl Credential<'_> {
    /// The hash of an API key, to count its requests before it is verified; `None` for an access token.
    pub fn key_label(&self) -> Option<String> {
        let (Self::Key(text) | Self::Bearer(text)) = self;
        let is_key = matches!(self, Self::Key(_)) || text.starts_with(PREFIX);
        is_key.then(|| digest(text))
    }
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub id: KeyId,
    pub name: String,
    /// The last four characters, by which people recognise it.
    pub last_four: String,
    pub permissions: Vec<Permission>,
    /// False once it is revoked.
    pub is_active: bool,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// To about a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A request for a new key.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    pub name: String,
    pub permissions: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

/// API keys, and authentication of callers.
#[derive(Clone)]
pub struct Authenticator {
    identity: Identity,
    table: Table,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    cached: Arc<Mutex<HashMap<[u8; 32], CachedKey>>>,
    /// When this instance last wrote a key's last use.
    last_uses: Arc<Mutex<HashMap<KeyId, Timestamp>>>,
}

#[derive(Clone, Copy)]
struct CachedKey {
    caller: Caller,
    /// Seconds since 1970.
    valid_until: i64,
    cached_until: Timestamp,
}

impl Authenticator {
    /// Keys kept in `table`, and access tokens of `identity`.
    pub fn new(identity: Identity, table: Table, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { identity, table, clock, ids, cached: Arc::default(), last_uses: Arc::default() }
    }

    /// Verifies `credential`.
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Caller> {
        match credential {
            Credential::Bearer(text) if !text.starts_with(PREFIX) => {
                let company = self.identity.authenticate(text)?.user.into();
                Ok(Caller { company, key: None, permissions: ALL_PERMISSIONS })
            }
            Credential::Bearer(text) | Credential::Key(text) => self.caller_with(text).await,
        }
    }

    async fn caller_with(&self, key: &str) -> Result<Caller> {
        let invalid = Error::Unauthenticated(AuthFailure::TokenInvalid);
        // Only a well-formed key is looked up.
        let secret = key.strip_prefix(PREFIX).filter(|secret| secret.len() == SECRET_LENGTH);
        if !secret.is_some_and(|secret| secret.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            return Err(invalid);
        }
        let now = self.clock.now();
        let digest: [u8; 32] = Sha256::digest(key).into();
        let cached = self.lock().get(&digest).copied().filter(|cached| now < cached.cached_until);
        let cached = if let Some(cached) = cached { cached } else { self.read(digest, now).await?.ok_or(invalid)? };
        if cached.valid_until <= epoch_seconds(now) {
            return Err(Error::Unauthenticated(AuthFailure::TokenExpired));
        }
        Ok(cached.caller)
    }

    /// Reads a key from the table.
    async fn read(&self, digest: [u8; 32], now: Timestamp) -> Result<Option<CachedKey>> {
        let item: Option<ApiKeyLookupItem> =
            self.table.get(api_key_lookup_key(&URL_SAFE_NO_PAD.encode(digest))).await?;
        Ok(item.map(|item| {
            let caller = Caller { company: item.company, key: Some(item.id), permissions: item.permissions };
            let cached = CachedKey { caller, valid_until: item.expires_at, cached_until: now + CACHE_TTL };
            self.remember(digest, cached, now);
            cached
        }))
    }

    fn remember(&self, digest: [u8; 32], cached: CachedKey, now: Timestamp) {
        let mut all = self.lock();
        if all.len() >= MAX_CACHED {
            all.retain(|_, cached| now < cached.cached_until);
            if all.len() >= MAX_CACHED {
                all.clear();
            }
        }
        all.insert(digest, cached);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], CachedKey>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a key. Its secret is returned only here: what is stored is its hash.
    pub async fn create(&self, company: CompanyId, new: NewApiKey) -> Result<(ApiKey, String)> {
        let now = self.clock.now();
        let name = parse_name(&new.name)?;
        let permissions = parse_permissions(&new.permissions)?;
        let expires_at = parse_expiry(new.expires_at, now)?;
        let existing = self.list(company).await?;
        if existing.iter().filter(|key| key.is_active && key.expires_at > now).count() >= MAX_KEYS {
            return Err(Error::invalid("name", "too_many", format!("Не больше {MAX_KEYS} действующих ключей")));
        }
        let text = format!("{PREFIX}{}", base62(&self.ids.secret()?));
        let hash = digest(&text);
        let id = KeyId::mint(&*self.ids, now);
        let record = ApiKeyItem {
            key: api_key_key(company, id),
            id,
            name,
            hash: hash.clone(),
            last_four: text.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect(),
            permissions,
            active: true,
            created_at: now.as_millisecond(),
            valid_until: expires_at.as_millisecond(),
            last_used_at: None,
        };
        let lookup = ApiKeyLookupItem {
            key: api_key_lookup_key(&hash),
            company,
            id,
            permissions,
            expires_at: epoch_seconds(expires_at),
        };
        let mut transaction = Transaction::new();
        transaction.add(Put::new(&record)?.when(Condition::item_missing()));
        transaction.add(Put::new(&lookup)?.when(Condition::item_missing()));
        self.table.commit(transaction).await?;
        Ok((record.into(), text))
    }

    /// The company's keys, latest first.
    pub async fn list(&self, company: CompanyId) -> Result<Vec<ApiKey>> {
        let query = Query::partition(keys_partition(company)).prefix(KEY_PREFIX).reverse();
        let items: Vec<ApiKeyItem> = self.table.query_all(query).await?;
        Ok(items.into_iter().map(ApiKey::from).collect())
    }

    /// Revokes a key for good. A repeat changes nothing.
    pub async fn revoke(&self, company: CompanyId, id: KeyId) -> Result<ApiKey> {
        let item: Option<ApiKeyItem> = self.table.get(api_key_key(company, id)).await?;
        let item = item.ok_or(Error::NotFound(Resource::API_KEY))?;
        let mut transaction = Transaction::new();
        transaction.add(Update::new(api_key_key(company, id)).set("active", false).when(Condition::item_exists()));
        transaction.add(Delete::new(api_key_lookup_key(&item.hash)));
        self.table.commit(transaction).await?;
        self.lock().retain(|_, cached| cached.caller.key != Some(id));
        Ok(ApiKey { is_active: false, ..item.into() })
    }

    /// Writes a key's last use, unless this instance did so less than a minute before. The usage worker calls this,
    /// outside the call itself.
    pub async fn used(&self, company: CompanyId, id: KeyId, at: Timestamp) -> Result<()> {
        let recently = |last: &Timestamp| at.duration_since(*last).unsigned_abs() < LAST_USE_INTERVAL;
        if self.last_uses().get(&id).is_some_and(recently) {
            return Ok(());
        }
        let earlier =
            store::attr("last_used_at").missing().or(store::attr("last_used_at").less_than(at.as_millisecond()));
        let update = Update::new(api_key_key(company, id)).set("last_used_at", at.as_millisecond());
        match self.table.update::<ApiKeyItem>(update.when(Condition::item_exists().and(earlier))).await {
            Ok(_) | Err(store::Error::ConditionFailed(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut last_uses = self.last_uses();
        if last_uses.len() >= MAX_CACHED {
            last_uses.clear();
        }
        last_uses.insert(id, at);
        Ok(())
    }

    fn last_uses(&self) -> MutexGuard<'_, HashMap<KeyId, Timestamp>> {
        self.last_uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<ApiKeyItem> for ApiKey {
    fn from(item: ApiKeyItem) -> Self {
        Self {
            id: item.id,
            name: item.name,
            last_four: item.last_four,
            permissions: Permission::ALL.into_iter().filter(|it| item.permissions & it.bit() != 0).collect(),
            is_active: item.active,
            created_at: from_epoch_millis(item.created_at),
            expires_at: from_epoch_millis(item.valid_until),
            last_used_at: item.last_used_at.map(from_epoch_millis),
        }
    }
}

fn parse_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() {
        return Err(Error::invalid("name", "required", "Укажите название ключа"));
    }
    if name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "format", "Название: до 100 символов, без управляющих"));
    }
    Ok(name.to_owned())
}

fn parse_permissions(words: &[String]) -> Result<u8> {
    let mut permissions = 0;
    for (index, word) in words.iter().enumerate() {
        let permission = Permission::ALL.into_iter().find(|permission| permission.as_str() == word);
        let Some(permission) = permission else {
            let message = "Ожидается chat, billing или analytics";
            return Err(Error::invalid(format!("permissions.{index}"), "not_allowed", message));
        };
        permissions |= permission.bit();
    }
    if permissions == 0 {
        return Err(Error::invalid("permissions", "required", "Укажите хотя бы одно право"));
    }
    Ok(permissions)
}

fn parse_expiry(wanted: Option<Timestamp>, now: Timestamp) -> Result<Timestamp> {
    let Some(wanted) = wanted else { return Ok(now + DEFAULT_LIFETIME) };
    if wanted <= now || wanted > now + MAX_LIFETIME {
        return Err(Error::invalid("expiresAt", "range", "Срок действия: в будущем, не дальше пяти лет"));
    }
    Ok(wanted)
}

/// Letters and digits only: a double click selects all of it.
fn base62(bytes: &[u8; 32]) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let half = |half: &[u8]| half.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    let (first, second) = bytes.split_at(16);
    let mut text = String::with_capacity(SECRET_LENGTH);
    for mut number in [half(first), half(second)] {
        for _ in 0..SECRET_LENGTH / 2 {
            let digit = usize::try_from(number % 62).ok().and_then(|index| DIGITS.get(index));
            text.push(char::from(*digit.unwrap_or(&b'0')));
            number /= 62;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_byte_of_the_secret_counts() {
        let mut seen = std::collections::HashSet::new();
        for index in 0..32 {
            for value in [0, 1, 255] {
                let mut bytes = [7; 32];
                bytes[index] = value;
                let text = base62(&bytes);
                assert_eq!(text.len(), SECRET_LENGTH);
                assert!(seen.insert(text));
            }
        }
        assert_eq!(base62(&[255; 32]).len(), SECRET_LENGTH);
    }

    #[test]
    fn permissions_are_the_contracts() {
        let parse =
            |words: &[&str]| parse_permissions(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(parse(&["chat", "billing", "analytics", "chat"]).unwrap(), ALL_PERMISSIONS);
        assert_eq!(parse(&["billing"]).unwrap(), 2);
        assert!(parse(&[]).is_err() && parse(&["admin"]).is_err() && parse(&["CHAT"]).is_err());
    }

    #[test]
    fn a_key_may_do_what_it_was_made_for() {
        let caller = Caller { company: Uuid::nil().into(), key: Some(Uuid::nil().into()), permissions: 1 };
        assert!(caller.require(Permission::Chat).is_ok());
        assert!(matches!(caller.require(Permission::Billing), Err(Error::Forbidden(Denial::Permission))));
        assert!(caller.require_company().is_err());
    }
}
