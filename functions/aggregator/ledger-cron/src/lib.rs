//! AI Aggregator: once a day, adds up every account: the balance is the sum of its entries, is not below its credit limit, and no hold is forgotten.
//!
//! It writes nothing. What is wrong is logged by account and counted in the metric `LedgerDifferences`, which an alarm watches.

use std::sync::Arc;

use domain::aggregator::PRODUCT;
use domain::ledger::Ledger;
use edge::{ConfigError, Function, Platform, Registration};

/// The function.
pub const FUNCTION: Registration = Registration::new(PRODUCT, "ledger-cron", start);

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let ledger = Ledger::new(platform.table()?);
    let clock = Arc::clone(&platform.clock);
    Ok(Function::schedule(move || {
        let (ledger, now) = (ledger.clone(), clock.now());
        async move { ledger.check_nightly(now).await }
    }))
}
