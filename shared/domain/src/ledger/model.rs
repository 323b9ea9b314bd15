//! Accounts, entries, and what an audit finds.

use serde_json::Value;
use uuid::Uuid;

use crate::kernel::{Amount, Timestamp, UserId, typed_id};

typed_id! {
    /// Identifies an account: the id of the user or company that owns it.
    AccountId
}

impl From<UserId> for AccountId {
    fn from(user: UserId) -> Self {
        Self(user.as_uuid())
    }
}

/// An account's balance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// The amount that can be spent, credit included.
    pub available: Amount,
    /// The sum of the open holds.
    pub held: Amount,
    /// The number of posted entries.
    pub entries: u64,
    /// The credit limit: how far below zero the balance may go.
    pub credit: Amount,
}

impl Account {
    /// The sum of the posted entries.
    pub fn balance(&self) -> Amount {
        self.available + self.held - self.credit
    }
}

/// An amount to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Idempotency key of the operation, a UUIDv7; entries are listed in its order.
    pub operation: Uuid,
    /// Always positive; the operation determines the direction.
    pub amount: Amount,
    /// Shown in the statement.
    pub description: String,
}

/// Filter of an account's entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selection {
    /// Earliest time, inclusive.
    pub start: Option<Timestamp>,
    /// Latest time, inclusive.
    pub end: Option<Timestamp>,
    /// Only credits (`true`) or only debits (`false`).
    pub incoming: Option<bool>,
}

/// A ledger entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The operation that created the entry.
    pub operation: Uuid,
    pub state: EntryState,
    pub description: String,
    /// When the operation began.
    pub created_at: Timestamp,
    /// The product's own record of what was done.
    pub details: Option<Value>,
}

/// State of an entry: two-phase spending goes from pending to posted or void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// A hold that is neither captured nor released.
    Pending { held: Amount },
    /// Final. Credits are positive, debits negative.
    Posted { amount: Amount },
    /// A hold that was released.
    Void,
}

/// The result of adding up an account's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// The balance as stored.
    pub account: Account,
    /// The balance as computed from the entries.
    pub computed: Account,
    /// When the oldest pending entry began.
    pub oldest_hold: Option<Timestamp>,
}

impl Audit {
    /// Adds up `entries`.
    pub fn new<'a>(account: Account, entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        entries.into_iter().fold(Self::default().of(account), Self::plus)
    }

    /// Sets the stored balance. Its credit limit is taken as it is, since no entry records it.
    #[must_use]
    pub(super) fn of(mut self, account: Account) -> Self {
        self.account = account;
        self.computed.credit = account.credit;
        self.computed.available = self.computed.available + account.credit;
        self
    }

    /// Adds one entry.
    #[must_use]
    pub(super) fn plus(mut self, entry: &Entry) -> Self {
        match entry.state {
            EntryState::Pending { held } => {
                self.computed.held = self.computed.held + held;
                self.computed.available = self.computed.available - held;
                let oldest = self.oldest_hold.unwrap_or(entry.created_at);
                self.oldest_hold = Some(oldest.min(entry.created_at));
            }
            EntryState::Posted { amount } => {
                self.computed.available = self.computed.available + amount;
                self.computed.entries += 1;
            }
            EntryState::Void => {}
        }
        self
    }

    /// Whether the stored balance equals the computed one.
    pub fn agrees(&self) -> bool {
        self.account == self.computed
    }
}
