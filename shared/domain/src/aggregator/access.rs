//! Who calls: a company with an access token, or a program with one of its keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use store::{Condition, Delete, Put, Query, Table, Transaction, Update};

use super::items::{ApiKeyItem, KEY_PREFIX, ProofItem, api_key_key, keys_partition, proof_key};
use crate::identity::Identity;
use crate::kernel::{
    AuthFailure, Clock, Denial, Error, IdSource, Resource, Result, Timestamp, UserId, epoch_seconds, from_epoch_millis,
    typed_id,
};

/// What every key begins with.
const PREFIX: &str = "ak_live_";
/// Characters of a key after the prefix: 32 random bytes in base 62.
const SECRET_LENGTH: usize = 44;
/// How long an instance believes what it read of a key. So long a key that is revoked goes on working in an instance that used it just before.
const MEMORY: Duration = Duration::from_secs(15);
/// How often an instance notes that a key is used: people want to know the day, and each note is a write.
const NOTED_EVERY: Duration = Duration::from_mins(1);
/// How many keys an instance remembers.
const REMEMBERED: usize = 10_000;
/// The most keys of one company that work.
const MAX_KEYS: usize = 100;
/// How long a key works unless its maker says otherwise: the contract's example.
const LIFETIME: Duration = Duration::from_hours(366 * 24);
/// How long it may work at most.
const MAX_LIFETIME: Duration = Duration::from_hours(5 * 366 * 24);

typed_id! {
    /// Names a key; it is no secret.
    KeyId
}

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Chats, vectors and the list of models.
    Chat,
    /// Balance, transactions and payments.
    Billing,
    /// What the whole company used.
    Analytics,
}

impl Permission {
    /// All of them, as the contract lists them.
    pub const ALL: [Self; 3] = [Self::Chat, Self::Billing, Self::Analytics];

    /// The contract's word.
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
const EVERYTHING: u8 = 7;

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The company.
    pub company: UserId,
    /// Which of its keys; `None` for the company itself.
    pub key: Option<KeyId>,
    permissions: u8,
}

impl Caller {
    /// Whether this may be done.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions & permission.bit() != 0
    }

    /// Fails with [`Denial::Permission`] unless this may be done.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(Error::Forbidden(Denial::Permission)) }
    }

    /// Fails with [`Denial::Permission`] for a key: some things only the company itself may do.
    pub fn require_company(&self) -> Result<UserId> {
        if self.key.is_none() { Ok(self.company) } else { Err(Error::Forbidden(Denial::Permission)) }
    }
}

/// What a call shows to prove who makes it.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// `X-API-Key`.
    Key(&'a str),
    /// `Authorization: Bearer`: an access token, or a key, which is what clients of OpenAI send.
    Bearer(&'a str),
}

impl Credential<'_> {
    /// Stands for the key, if this is one, before anybody knows whether it is any good: its hash.
    pub fn key_label(&self) -> Option<String> {
        let (Self::Key(text) | Self::Bearer(text)) = self;
        let is_key = matches!(self, Self::Key(_)) || text.starts_with(PREFIX);
        is_key.then(|| URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
    }
}

/// A key as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// The last characters, by which people tell keys apart.
    pub hint: String,
    /// What it may be used for.
    pub permissions: Vec<Permission>,
    /// Whether it works.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was used last, to the minute or so.
    pub last_used_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for.
    pub permissions: Vec<String>,
    /// When it is to stop working.
    pub expires_at: Option<Timestamp>,
}

/// Keys, and the proof of who calls.
#[derive(Clone)]
pub struct Access {
    identity: Identity,
    table: Table,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    known: Arc<Mutex<HashMap<[u8; 32], Known>>>,
    /// When this process last noted that a key was used.
    noted: Arc<Mutex<HashMap<KeyId, Timestamp>>>,
}

#[derive(Clone, Copy)]
struct Known {
    caller: Caller,
    /// Seconds since 1970.
    valid_until: i64,
    believed_until: Timestamp,
}

impl Access {
    /// Keys kept in `table`, and the tokens of `identity`.
    pub fn new(identity: Identity, table: Table, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        Self { identity, table, clock, ids, known: Arc::default(), noted: Arc::default() }
    }

    /// Who makes a call that shows `credential`.
    pub async fn authenticate(&self, credential: Credential<'_>) -> Result<Caller> {
        match credential {
            Credential::Bearer(text) if !text.starts_with(PREFIX) => {
                let company = self.identity.authenticate(text)?.user;
                Ok(Caller { company, key: None, permissions: EVERYTHING })
            }
            Credential::Bearer(text) | Credential::Key(text) => self.caller_with(text).await,
        }
    }

    async fn caller_with(&self, key: &str) -> Result<Caller> {
        let invalid = Error::Unauthenticated(AuthFailure::TokenInvalid);
        // What cannot be a key is not looked up.
        let secret = key.strip_prefix(PREFIX).filter(|secret| secret.len() == SECRET_LENGTH);
        if !secret.is_some_and(|secret| secret.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            return Err(invalid);
        }
        let now = self.clock.now();
        let digest: [u8; 32] = Sha256::digest(key).into();
        let known = self.lock().get(&digest).copied().filter(|known| now < known.believed_until);
        let known = if let Some(known) = known { known } else { self.read(digest, now).await?.ok_or(invalid)? };
        if known.valid_until <= epoch_seconds(now) {
            return Err(Error::Unauthenticated(AuthFailure::TokenExpired));
        }
        Ok(known.caller)
    }

    /// What the table says of a key.
    async fn read(&self, digest: [u8; 32], now: Timestamp) -> Result<Option<Known>> {
        let item: Option<ProofItem> = self.table.get(proof_key(&URL_SAFE_NO_PAD.encode(digest))).await?;
        Ok(item.map(|item| {
            let caller = Caller { company: item.company, key: Some(item.id), permissions: item.permissions };
            let known = Known { caller, valid_until: item.expires_at, believed_until: now + MEMORY };
            self.remember(digest, known, now);
            known
        }))
    }

    fn remember(&self, digest: [u8; 32], known: Known, now: Timestamp) {
        let mut all = self.lock();
        if all.len() >= REMEMBERED {
            all.retain(|_, known| now < known.believed_until);
            if all.len() >= REMEMBERED {
                all.clear();
            }
        }
        all.insert(digest, known);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a key. The text of it is returned here and nowhere else: what is stored is its hash.
    pub async fn create(&self, company: UserId, new: NewApiKey) -> Result<(ApiKey, String)> {
        let now = self.clock.now();
        let name = parse_name(&new.name)?;
        let permissions = parse_permissions(&new.permissions)?;
        let expires_at = parse_expiry(new.expires_at, now)?;
        let existing = self.list(company).await?;
        if existing.iter().filter(|key| key.is_active && key.expires_at > now).count() >= MAX_KEYS {
            return Err(Error::invalid("name", "too_many", format!("Не больше {MAX_KEYS} действующих ключей")));
        }
        let text = format!("{PREFIX}{}", base62(&self.ids.secret()?));
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&text));
        let id = KeyId::mint(&*self.ids, now);
        let record = ApiKeyItem {
            key: api_key_key(company, id),
            id,
            name,
            hash: hash.clone(),
            hint: text.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect(),
            permissions,
            active: true,
            created_at: now.as_millisecond(),
            valid_until: expires_at.as_millisecond(),
            last_used_at: None,
        };
        let proof =
            ProofItem { key: proof_key(&hash), company, id, permissions, expires_at: epoch_seconds(expires_at) };
        let mut transaction = Transaction::new();
        transaction.add(Put::new(&record)?.when(Condition::item_missing()));
        transaction.add(Put::new(&proof)?.when(Condition::item_missing()));
        self.table.commit(transaction).await?;
        Ok((record.into(), text))
    }

    /// The company's keys, the latest first.
    pub async fn list(&self, company: UserId) -> Result<Vec<ApiKey>> {
        let query = Query::partition(keys_partition(company)).prefix(KEY_PREFIX).reverse();
        let items: Vec<ApiKeyItem> = self.table.query_all(query).await?;
        Ok(items.into_iter().map(ApiKey::from).collect())
    }

    /// Takes a key out of use for good. Doing it again changes nothing.
    pub async fn revoke(&self, company: UserId, id: KeyId) -> Result<ApiKey> {
        let item: Option<ApiKeyItem> = self.table.get(api_key_key(company, id)).await?;
        let item = item.ok_or(Error::NotFound(Resource::ApiKey))?;
        let mut transaction = Transaction::new();
        transaction.add(Update::new(api_key_key(company, id)).set("active", false).when(Condition::item_exists()));
        transaction.add(Delete::new(proof_key(&item.hash)));
        self.table.commit(transaction).await?;
        self.lock().retain(|_, known| known.caller.key != Some(id));
        Ok(ApiKey { is_active: false, ..item.into() })
    }

    /// Notes that a key was used, unless this process did so less than a minute before. Whoever counts usage calls this, off the way of the call itself.
    pub async fn used(&self, company: UserId, id: KeyId, at: Timestamp) -> Result<()> {
        let recently = |noted: &Timestamp| at.duration_since(*noted).unsigned_abs() < NOTED_EVERY;
        if self.noted().get(&id).is_some_and(recently) {
            return Ok(());
        }
        let earlier =
            store::attr("last_used_at").missing().or(store::attr("last_used_at").less_than(at.as_millisecond()));
        let update = Update::new(api_key_key(company, id)).set("last_used_at", at.as_millisecond());
        match self.table.update::<ApiKeyItem>(update.when(Condition::item_exists().and(earlier))).await {
            Ok(_) | Err(store::Error::ConditionFailed(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut noted = self.noted();
        if noted.len() >= REMEMBERED {
            noted.clear();
        }
        noted.insert(id, at);
        Ok(())
    }

    fn noted(&self) -> MutexGuard<'_, HashMap<KeyId, Timestamp>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<ApiKeyItem> for ApiKey {
    fn from(item: ApiKeyItem) -> Self {
        Self {
            id: item.id,
            name: item.name,
            hint: item.hint,
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
    let Some(wanted) = wanted else { return Ok(now + LIFETIME) };
    if wanted <= now || wanted > now + MAX_LIFETIME {
        return Err(Error::invalid("expiresAt", "range", "Срок действия: в будущем, не дальше пяти лет"));
    }
    Ok(wanted)
}

/// Letters and digits: what people select with two clicks.
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
        assert_eq!(parse(&["chat", "billing", "analytics", "chat"]).unwrap(), EVERYTHING);
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
