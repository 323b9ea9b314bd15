//! Accounts, entries, and what an audit finds.

use serde_json::Value;
use uuid::Uuid;

use crate::kernel::{Amount, Timestamp, UserId, typed_id};

typed_id! {
    /// One account: a user's, or whoever else has money in a product.
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
    /// What can be spent now.
    pub available: Amount,
    /// What running work has reserved.
    pub held: Amount,
    /// How many posted entries there are.
    pub entries: u64,
    /// How far below zero the account may go: what can be spent includes it.
    pub credit: Amount,
}

impl Account {
    /// What the posted entries add up to: what is there without the credit, and before running work is paid.
    pub fn balance(&self) -> Amount {
        self.available + self.held - self.credit
    }
}

/// What a caller asks the ledger to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The operation's own id, a UUIDv7: it makes repeats harmless, and entries are listed in its order.
    pub operation: Uuid,
    /// How much, always positive; the operation says in which direction.
    pub amount: Amount,
    /// What it is for, in the words that the account's owner reads.
    pub description: String,
}

/// Some of an account's entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Selection {
    /// Not before.
    pub start: Option<Timestamp>,
    /// Not after.
    pub end: Option<Timestamp>,
    /// Only what came in, or only what went out.
    pub incoming: Option<bool>,
}

/// A line of an account's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The operation that made it.
    pub operation: Uuid,
    /// What is known of it so far.
    pub state: EntryState,
    /// What it is for.
    pub description: String,
    /// When the operation began.
    pub created_at: Timestamp,
    /// What was really done, in the product's own words.
    pub details: Option<Value>,
}

/// How far an entry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryState {
    /// Reserved, neither spent nor given back.
    Pending {
        /// The reserved amount.
        held: Amount,
    },
    /// Final: positive came in, negative went out.
    Posted {
        /// The change of the balance.
        amount: Amount,
    },
    /// Given back in full.
    Void,
}

/// The result of adding up an account's entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// The balance as stored.
    pub account: Account,
    /// The balance as the entries say.
    pub computed: Account,
    /// When the oldest pending entry began.
    pub oldest_hold: Option<Timestamp>,
}

impl Audit {
    /// Adds up `entries`.
    pub fn new<'a>(account: Account, entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        entries.into_iter().fold(Self::default().of(account), Self::plus)
    }

    /// This audit with the balance as stored. The credit is no entry, so it is believed.
    #[must_use]
    pub(super) fn of(mut self, account: Account) -> Self {
        self.account = account;
        self.computed.credit = account.credit;
        self.computed.available = self.computed.available + account.credit;
        self
    }

    /// This audit with one more entry.
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

    /// Whether the stored balance is what the entries say.
    pub fn agrees(&self) -> bool {
        self.account == self.computed
    }
}
