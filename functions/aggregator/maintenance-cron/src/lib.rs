//! AI Aggregator: each minute, looks after calls that should be over: gives back what was held for those that nobody settled, and has those counted that were
//! not. And has webhooks sent whose time has come, or whose message or worker got lost.

use std::sync::Arc;

use domain::aggregator::{LedgerBilling, PRODUCT};
use domain::kernel::telemetry::{self, Metric};
use domain::kernel::{Error, Result};
use domain::ledger::Ledger;
use domain::webhooks::Deliveries;
use edge::{ConfigError, Function, Platform, Registration};

/// The function.
pub const FUNCTION: Registration = Registration::new(PRODUCT, "maintenance-cron", start);

fn start(platform: &Platform) -> std::result::Result<Function, ConfigError> {
    let table = platform.table()?;
    let deliveries = platform.deliveries(&table)?;
    let billing = LedgerBilling {
        ledger: Ledger::new(table.clone()),
        table,
        queue: platform.queue("USAGE_QUEUE_URL")?,
        clock: Arc::clone(&platform.clock),
        ids: Arc::clone(&platform.ids),
    };
    Ok(Function::schedule(move || sweep(billing.clone(), deliveries.clone())))
}

async fn sweep(billing: LedgerBilling, deliveries: Deliveries) -> Result<()> {
    let (calls, webhooks) = tokio::join!(billing.sweep(), deliveries.sweep());
    tracing::info!(sent = webhooks.done.len(), "webhooks swept");
    let calls = calls?;
    telemetry::note(Metric::CALLS_RELEASED, u64::from(calls.released));
    telemetry::note(Metric::CALLS_RETOLD, u64::from(calls.sent));
    if calls.released + calls.sent > 0 {
        tracing::warn!(calls.released, calls.sent, "calls looked after");
    }
    // Everything else is done; the failed invocation is what an operator is alarmed by.
    match (calls.problems, webhooks.problems) {
        (0, 0) => Ok(()),
        (calls, webhooks) => {
            Err(Error::internal("sweep", format!("{calls} problems with calls, {webhooks} with webhooks")))
        }
    }
}
