//! Once a day, checks every account: the balance is the sum of its entries and not below its credit limit, and no hold
//! is overdue.
//!
//! It writes nothing. Each difference is logged with its account and counted in the metric `LedgerDifferences`, which
//! an alarm watches.

use std::sync::Arc;

use domain::ledger::Ledger;
use edge::{ConfigError, Function, Platform, Registration};

pub const FUNCTION: Registration = Registration::shared("ledger-cron", start);

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let ledger = Ledger::new(platform.table()?);
    let clock = Arc::clone(&platform.clock);
    Ok(Function::schedule(move || {
        let (ledger, now) = (ledger.clone(), clock.now());
        async move { ledger.check_nightly(now).await }
    }))
}
