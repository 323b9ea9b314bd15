//! AI Aggregator: counts calls that are over.
//!
//! Queue: `UsageQueue`, messages [`UsageMessage`]. A call that is told twice is counted once.

use domain::aggregator::{UsageLog, UsageMessage};
use edge::{ConfigError, Function, Platform};

/// The function.
pub fn function(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (_, access) = platform.access(&table)?;
    let usage = UsageLog::new(table, access);
    Ok(Function::sqs(move |message: UsageMessage| {
        let usage = usage.clone();
        async move { usage.count(&message).await }
    }))
}
