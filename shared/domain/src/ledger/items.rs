//! `ACCOUNT#{id}` partitions: one `BALANCE` item and one `ENTRY#{operation}` item per operation.
//!
//! Entries that somebody has to come back to are in `gsi1` under `DUE_ENTRIES#{shard}`, ordered by the time when they are due. Sixteen shards, by the
//! last digit of the operation's id.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Key;
use uuid::Uuid;

use super::model::{Account, AccountId, Entry, EntryState};
use crate::kernel::{Amount, Timestamp, from_epoch_millis};

pub(super) const ACCOUNT_PREFIX: &str = "ACCOUNT#";
pub(super) const ENTRY_PREFIX: &str = "ENTRY#";
const BALANCE: &str = "BALANCE";

pub(super) fn partition(account: AccountId) -> String {
    format!("{ACCOUNT_PREFIX}{account}")
}

pub(super) fn balance_key(account: AccountId) -> Key {
    Key::new(partition(account), BALANCE)
}

pub(super) fn entry_key(account: AccountId, operation: Uuid) -> Key {
    Key::new(partition(account), format!("{ENTRY_PREFIX}{operation}"))
}

/// A balance. The attribute names are spelled in `service` too, where they are updated.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BalanceItem {
    #[serde(default)]
    pub(super) available: i64,
    #[serde(default)]
    pub(super) held: i64,
    #[serde(default)]
    pub(super) entries: u64,
    #[serde(default)]
    pub(super) credit: i64,
}

impl From<BalanceItem> for Account {
    fn from(item: BalanceItem) -> Self {
        Self {
            available: Amount::new(item.available),
            held: Amount::new(item.held),
            entries: item.entries,
            credit: Amount::new(item.credit),
        }
    }
}

/// `state` of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredState {
    Pending,
    Posted,
    Void,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct EntryItem {
    #[serde(flatten)]
    pub(super) key: Key,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gsi1pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) gsi1sk: Option<String>,
    pub(super) operation: Uuid,
    pub(super) state: StoredState,
    /// What the operation asked for, signed; never changes.
    pub(super) requested: i64,
    /// What it changed in the end, signed; zero while pending and when void.
    pub(super) amount: i64,
    pub(super) description: String,
    /// Milliseconds since 1970.
    pub(super) created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<Value>,
}

/// A due entry as its index entry knows it: the index holds keys only.
#[derive(Debug, Deserialize)]
pub(super) struct DueEntryItem {
    #[serde(flatten)]
    key: Key,
}

impl DueEntryItem {
    /// Account and operation, which the key consists of.
    pub(super) fn read(&self) -> Option<(AccountId, Uuid)> {
        let account = self.key.pk.strip_prefix(ACCOUNT_PREFIX)?.parse().ok()?;
        let operation = self.key.sk.strip_prefix(ENTRY_PREFIX)?.parse().ok()?;
        Some((account, operation))
    }
}

/// Shards of the index of due entries.
pub(super) const SHARDS: u8 = 16;

pub(super) fn due_partition(shard: u8) -> String {
    format!("DUE_ENTRIES#{shard:x}")
}

pub(super) fn due_sort_key(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}

impl EntryItem {
    pub(super) fn new(
        account: AccountId,
        posting: &super::model::Posting,
        state: StoredState,
        requested: Amount,
        now: Timestamp,
    ) -> Self {
        let amount = if state == StoredState::Posted { requested } else { Amount::ZERO };
        Self {
            key: entry_key(account, posting.operation),
            gsi1pk: None,
            gsi1sk: None,
            operation: posting.operation,
            state,
            requested: requested.units(),
            amount: amount.units(),
            description: posting.description.clone(),
            created_at: now.as_millisecond(),
            details: None,
        }
    }

    /// The same entry, due at `at`.
    pub(super) fn due(mut self, at: Timestamp) -> Self {
        let last_byte = self.operation.as_bytes().last().copied().unwrap_or_default();
        self.gsi1pk = Some(due_partition(last_byte % SHARDS));
        self.gsi1sk = Some(due_sort_key(at));
        self
    }
}

impl From<EntryItem> for Entry {
    fn from(item: EntryItem) -> Self {
        let state = match item.state {
            StoredState::Pending => EntryState::Pending { held: -Amount::new(item.requested) },
            StoredState::Posted => EntryState::Posted { amount: Amount::new(item.amount) },
            StoredState::Void => EntryState::Void,
        };
        Self {
            operation: item.operation,
            state,
            description: item.description,
            created_at: from_epoch_millis(item.created_at),
            details: item.details,
        }
    }
}

/// The attributes that [`ScannedItem`] needs.
pub(super) const SCANNED: &[&str] =
    &["pk", "sk", "available", "held", "entries", "credit", "operation", "state", "requested", "amount", "created_at"];

/// A balance or an entry, as a walk over all accounts finds it: without the description, and nothing taken for granted.
#[derive(Debug, Deserialize)]
pub(super) struct ScannedItem {
    pk: String,
    sk: String,
    #[serde(default)]
    available: i64,
    #[serde(default)]
    held: i64,
    #[serde(default)]
    entries: u64,
    #[serde(default)]
    credit: i64,
    operation: Option<Uuid>,
    state: Option<StoredState>,
    requested: Option<i64>,
    amount: Option<i64>,
    created_at: Option<i64>,
}

/// What a [`ScannedItem`] is.
pub(super) enum Scanned {
    Balance(Account),
    Entry(Entry),
}

impl ScannedItem {
    /// Whose it is and what it is; `None` if it is neither a balance nor an entry, or is not whole.
    pub(super) fn read(self) -> Option<(AccountId, Scanned)> {
        let account = self.pk.strip_prefix(ACCOUNT_PREFIX)?.parse().ok()?;
        if self.sk == BALANCE {
            let Self { available, held, entries, credit, .. } = self;
            let balance = BalanceItem { available, held, entries, credit };
            return Some((account, Scanned::Balance(balance.into())));
        }
        self.sk.strip_prefix(ENTRY_PREFIX)?;
        let entry = EntryItem {
            key: Key { pk: self.pk, sk: self.sk },
            gsi1pk: None,
            gsi1sk: None,
            operation: self.operation?,
            state: self.state?,
            requested: self.requested?,
            amount: self.amount?,
            description: String::new(),
            created_at: self.created_at?,
            details: None,
        };
        Some((account, Scanned::Entry(entry.into())))
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> String {
        format!("{} {}", self.pk, self.sk)
    }
}
