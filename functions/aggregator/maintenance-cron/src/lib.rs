//! AI Aggregator: each minute, looks after calls that should be over: gives back what was held for those that nobody settled, and has those counted that were
//! not.

use std::sync::Arc;

use domain::aggregator::Till;
use domain::kernel::Result;
use domain::ledger::Ledger;
use edge::{ConfigError, Function, Platform};

/// The function.
pub fn function(platform: &Platform) -> std::result::Result<Function, ConfigError> {
    let table = platform.table()?;
    let till = Till {
        ledger: Ledger::new(table.clone()),
        table,
        queue: platform.queue("USAGE_QUEUE_URL")?,
        clock: Arc::clone(&platform.clock),
        ids: Arc::clone(&platform.ids),
    };
    Ok(Function::schedule(move || sweep(till.clone())))
}

async fn sweep(till: Till) -> Result<()> {
    let (released, sent) = till.sweep().await?;
    if released + sent > 0 {
        tracing::warn!(released, sent, "calls looked after");
    }
    Ok(())
}
