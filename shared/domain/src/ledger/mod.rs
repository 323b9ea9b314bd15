//! Accounts in integer units, with two-phase spending: hold, then capture or release.
//!
//! **Invariants.** `available + held` equals the sum of posted entries plus the credit that the account was granted, `held` equals the sum of pending ones, and `available` is never
//! negative. Every operation is one transaction: a conditional balance update plus an entry keyed by the caller's operation id, so a repeat
//! changes nothing and returns what the first call did.
//!
//! Each operation also exists as a list of writes (`*_writes`), for use cases whose own records must agree with the money.

mod check;
mod items;
mod model;
mod service;

pub use check::{Check, Difference, Finding, Report};
pub use model::{Account, AccountId, Audit, Entry, EntryState, Posting, Selection};
pub use service::Ledger;
pub(crate) use service::{
    BALANCE_WRITE, ENTRY_WRITE, capture_writes, capture_writes_with, credit_writes, debit_writes, due_hold_writes,
    hold_writes, refused, release_due_writes, release_writes, settled_write,
};

use crate::kernel::telemetry::Metric;

impl Metric {
    /// Units of the product's own money that were spent in the end.
    pub const CHARGED: Self = Self::new("Charged");
    /// Accounts that a check of the ledger read.
    pub const LEDGER_ACCOUNTS: Self = Self::new("LedgerAccounts");
    /// Differences that it found.
    pub const LEDGER_DIFFERENCES: Self = Self::new("LedgerDifferences");
}
