//! `ACCOUNT#{id}` partitions: one `BALANCE` item and one `ENTRY#{operation}` item per operation.
//!
//! Entries that need work later are in the due index `DUE_ENTRIES#{shard}`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Key;
use uuid::Uuid;

use super::model::{Account, AccountId, Entry, EntryState};
use crate::due::{DueIndex, DueKeys};
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
    #[serde(flatten)]
    pub(super) due: DueKeys,
    pub(super) operation: Uuid,
    pub(super) state: StoredState,
    /// The amount of the posting, signed; never changes.
    pub(super) requested: i64,
    /// The posted amount, signed; zero while pending and when void.
    pub(super) amount: i64,
    pub(super) description: String,
    /// Milliseconds since 1970.
    pub(super) created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<Value>,
}

/// Entries that need work later.
pub(super) const DUE_ENTRIES: DueIndex<(AccountId, Uuid)> = DueIndex::new("DUE_ENTRIES#", 16, |key| {
    let account = key.pk.strip_prefix(ACCOUNT_PREFIX)?.parse().ok()?;
    let operation = key.sk.strip_prefix(ENTRY_PREFIX)?.parse().ok()?;
    Some((account, operation))
});

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
            due: DueKeys::default(),
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
        self.due = DUE_ENTRIES.keys(self.operation, at);
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

/// A balance or an entry as a scan returns it: without the description, every attribute optional.
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

/// What a [`ScannedItem`] holds.
pub(super) enum Scanned {
    Balance(Account),
    Entry(Entry),
}

impl ScannedItem {
    /// The account and its balance or entry; `None` if the item is neither, or incomplete.
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
            due: DueKeys::default(),
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

    /// The item's key, for error messages.
    pub(super) fn place(&self) -> String {
        format!("{} {}", self.pk, self.sk)
    }
}
