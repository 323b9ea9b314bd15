//! AI Aggregator: every minute, sweeps up what was interrupted. Releases the holds of model calls that were never
//! settled, resends usage messages of calls that were not counted, and resends webhook deliveries that are due or whose
//! message or worker was lost.

use std::sync::Arc;

use domain::aggregator::{LedgerBilling, PRODUCT};
use domain::kernel::telemetry::{self, Metric};
use domain::kernel::{Error, Result};
use domain::ledger::Ledger;
use domain::webhooks::Deliveries;
use edge::{ConfigError, Function, Platform, Registration};

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
    // Everything else is done. The failed invocation raises the alarm.
    match (calls.problems, webhooks.problems) {
        (0, 0) => Ok(()),
        (calls, webhooks) => {
            Err(Error::internal("sweep", format!("{calls} problems with calls, {webhooks} with webhooks")))
        }
    }
}
