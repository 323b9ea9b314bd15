//! The five operations as writes of a transaction, for use cases whose own records must agree with the money.

use serde::Serialize;
use store::{Condition, Put, Transaction, Update, WriteHandle, attr};
use uuid::Uuid;

use super::items::{BalanceItem, EntryItem, StoredState, balance_key, entry_key};
use super::model::{AccountId, Posting};
use crate::due::Reschedule as _;
use crate::kernel::{Amount, Error, Result, Timestamp};

/// The writes of one operation in a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LedgerWrites {
    balance: WriteHandle,
    entry: WriteHandle,
}

impl LedgerWrites {
    /// The meaning of a transaction that failed: [`Error::InsufficientFunds`] if the balance did not cover `needed`.
    /// Other failures keep theirs.
    pub(crate) fn refused(self, error: store::Error, needed: Amount) -> Result<Error> {
        let Some(failed) = error.failed(self.balance) else { return Ok(error.into()) };
        let available = failed.item::<BalanceItem>()?.map_or(Amount::ZERO, |item| Amount::new(item.available));
        Ok(Error::InsufficientFunds { needed, available })
    }

    /// Whether the entry failed the transaction: a new one because its operation has one, a settlement because the
    /// entry is not pending.
    pub(crate) fn entry_failed(self, error: &store::Error) -> bool {
        error.failed(self.entry).is_some()
    }

    /// The entry that an earlier call with the same operation id left behind.
    pub(super) fn earlier_entry(self, error: &store::Error) -> Result<Option<EntryItem>> {
        match error.failed(self.entry) {
            Some(failed) => Ok(failed.item()?),
            None => Ok(None),
        }
    }
}

/// An operation that creates an entry.
#[derive(Debug)]
pub(crate) struct NewEntry {
    balance: Update,
    entry: EntryItem,
}

/// Credits the account.
pub(crate) fn credit(account: AccountId, posting: &Posting, now: Timestamp) -> NewEntry {
    let units = posting.amount.units();
    let balance = Update::new(balance_key(account)).add("available", units).add("held", 0).add("entries", 1);
    NewEntry { balance, entry: EntryItem::new(account, posting, StoredState::Posted, posting.amount, now) }
}

/// Debits the account, if the balance covers it.
pub(crate) fn debit(account: AccountId, posting: &Posting, now: Timestamp) -> NewEntry {
    let units = posting.amount.units();
    let balance = Update::new(balance_key(account)).add("available", -units).add("entries", 1);
    let balance = balance.when(attr("available").at_least(units));
    NewEntry { balance, entry: EntryItem::new(account, posting, StoredState::Posted, -posting.amount, now) }
}

/// Reserves `posting`, if the balance covers it.
pub(crate) fn hold(account: AccountId, posting: &Posting, now: Timestamp) -> NewEntry {
    let units = posting.amount.units();
    let balance = Update::new(balance_key(account)).add("available", -units).add("held", units);
    let balance = balance.when(attr("available").at_least(units));
    NewEntry { balance, entry: EntryItem::new(account, posting, StoredState::Pending, -posting.amount, now) }
}

impl NewEntry {
    /// The same, with an entry that is due at `at` ([`super::Ledger::due`]) unless it is released or [`no_longer_due`]
    /// before.
    pub(crate) fn due(self, at: Timestamp) -> Self {
        Self { entry: self.entry.due(at), ..self }
    }

    /// Adds the operation to a transaction, which fails if the operation has an entry already.
    pub(crate) fn add_to(self, transaction: &mut Transaction) -> Result<LedgerWrites> {
        let balance = transaction.add(self.balance);
        let entry = transaction.add(Put::new(&self.entry)?.when(Condition::item_missing()));
        Ok(LedgerWrites { balance, entry })
    }
}

/// An operation that ends a hold.
#[derive(Debug)]
pub(crate) struct Settlement {
    balance: Update,
    entry: Update,
}

/// Captures `actual` of a hold and releases the rest. `actual` is capped by `held`, so a capture never takes more than
/// was held. An entry that is due stays due.
pub(crate) fn capture(account: AccountId, operation: Uuid, held: Amount, actual: Amount) -> Settlement {
    let actual = actual.min(held).max(Amount::ZERO);
    let balance = Update::new(balance_key(account))
        .add("available", (held - actual).units())
        .add("held", -held.units())
        .add("entries", 1);
    let entry = Update::new(entry_key(account, operation))
        .set("state", StoredState::Posted)
        .set("amount", (-actual).units())
        .when(is_pending(held));
    Settlement { balance, entry }
}

/// Releases a hold in full. An entry that was due is not any more.
pub(crate) fn release(account: AccountId, operation: Uuid, held: Amount) -> Settlement {
    let balance = Update::new(balance_key(account)).add("available", held.units()).add("held", -held.units());
    let entry =
        Update::new(entry_key(account, operation)).set("state", StoredState::Void).not_due().when(is_pending(held));
    Settlement { balance, entry }
}

impl Settlement {
    /// The same, with the product's own record of what was done.
    pub(crate) fn details(self, details: &impl Serialize) -> Self {
        Self { entry: self.entry.set("details", details), ..self }
    }

    /// Adds the operation to a transaction, which fails if the entry is not pending with this hold.
    pub(crate) fn add_to(self, transaction: &mut Transaction) -> LedgerWrites {
        LedgerWrites { balance: transaction.add(self.balance), entry: transaction.add(self.entry) }
    }
}

/// The write by which a posted entry is not due any more. It fails if the entry was not due: what goes with it in a
/// transaction happens once.
pub(crate) fn no_longer_due(account: AccountId, operation: Uuid) -> Update {
    Update::new(entry_key(account, operation))
        .not_due()
        .when(attr("state").equals(StoredState::Posted).and(attr("gsi1sk").exists()))
}

fn is_pending(held: Amount) -> Condition {
    attr("state").equals(StoredState::Pending).and(attr("requested").equals((-held).units()))
}
