//! Accounts in integer units, with two-phase spending: hold, then capture or release.
//!
//! **Invariants.** `available + held` equals the sum of posted entries plus the account's credit limit, `held` equals
//! the sum of pending entries, and `available` is never negative. Every operation is one transaction: a conditional
//! balance update plus an entry keyed by the caller's operation id. A repeat changes nothing and returns the entry of
//! the first call.
//!
//! Each operation can also be added to a caller's transaction (`operations`), for use cases whose own records must
//! agree with the money.

mod check;
mod items;
mod model;
mod operations;
mod service;

pub use check::{Check, Difference, Finding, Report};
pub use model::{Account, AccountId, Audit, Entry, EntryState, Posting, Selection};
pub(crate) use operations::{NewEntry, capture, credit, debit, hold, no_longer_due, release};
pub use service::Ledger;

use crate::kernel::telemetry::Metric;

impl Metric {
    /// Units of the product's own money that were spent in the end.
    pub const CHARGED: Self = Self::new("Charged");
    /// Accounts that a check of the ledger read.
    pub const LEDGER_ACCOUNTS: Self = Self::new("LedgerAccounts");
    /// Differences that it found.
    pub const LEDGER_DIFFERENCES: Self = Self::new("LedgerDifferences");
}
