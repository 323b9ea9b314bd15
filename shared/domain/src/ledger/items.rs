//! `ACCOUNT#{id}` partitions: one `BALANCE` item and one `ENTRY#{operation}` item per operation.

use serde::{Deserialize, Serialize};
use store::Key;
use uuid::Uuid;

use super::model::{Account, AccountId, Entry, EntryState};
use crate::kernel::{Amount, Timestamp, from_epoch_millis};

pub(super) const ENTRY_PREFIX: &str = "ENTRY#";

pub(super) fn partition(account: AccountId) -> String {
    format!("ACCOUNT#{account}")
}

pub(super) fn balance_key(account: AccountId) -> Key {
    Key::new(partition(account), "BALANCE")
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
}

impl From<BalanceItem> for Account {
    fn from(item: BalanceItem) -> Self {
        Self { available: Amount::new(item.available), held: Amount::new(item.held), entries: item.entries }
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
    pub(super) operation: Uuid,
    pub(super) state: StoredState,
    /// What the operation asked for, signed; never changes.
    pub(super) requested: i64,
    /// What it changed in the end, signed; zero while pending and when void.
    pub(super) amount: i64,
    pub(super) description: String,
    /// Milliseconds since 1970.
    pub(super) created_at: i64,
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
            operation: posting.operation,
            state,
            requested: requested.units(),
            amount: amount.units(),
            description: posting.description.clone(),
            created_at: now.as_millisecond(),
        }
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
        }
    }
}
