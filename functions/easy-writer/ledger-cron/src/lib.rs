//! Easy Writer: once a day, adds up every account: the balance is the sum of its entries, is not negative, and no hold is forgotten.
//!
//! It writes nothing. What is wrong is logged by account and counted in the metric `LedgerDifferences`, which an alarm watches.

use std::sync::Arc;

use domain::kernel::telemetry::{self, Metric};
use domain::kernel::{Clock, Result};
use domain::ledger::{Check, Ledger};
use edge::{ConfigError, Function, Platform};

/// Half of what a new on-demand table gives at once is left to those who wait. In the function's quarter of an hour this reads some 1.4 GB.
const READ_UNITS_PER_SECOND: u32 = 200;

/// The function.
pub fn function(platform: &Platform) -> std::result::Result<Function, ConfigError> {
    let ledger = Ledger::new(platform.table()?);
    let clock = Arc::clone(&platform.clock);
    Ok(Function::schedule(move || check(ledger.clone(), Arc::clone(&clock))))
}

async fn check(ledger: Ledger, clock: Arc<dyn Clock>) -> Result<()> {
    let check = Check { read_units: Some(READ_UNITS_PER_SECOND), ..Check::default() };
    let report = ledger.check_all(&check, clock.now()).await?;
    for difference in &report.differences {
        tracing::error!(account = %difference.account, finding = %difference.finding, "the books do not balance");
    }
    telemetry::note(Metric::LedgerAccounts, report.accounts);
    telemetry::note(Metric::LedgerDifferences, report.differences.len() as u64);
    tracing::info!(accounts = report.accounts, entries = report.entries, "ledger checked");
    Ok(())
}
