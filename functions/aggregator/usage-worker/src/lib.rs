//! AI Aggregator: counts calls that are over, and has their companies told.
//!
//! Queue: `UsageQueue`, messages [`UsageMessage`]. A call that is told twice is counted once, and its company is told once.

use domain::aggregator::{UsageLog, UsageMessage, UsageReporter};
use edge::{ConfigError, Function, Platform};

/// The function.
pub fn function(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (_, access) = platform.access(&table)?;
    let deliveries = platform.deliveries(&table)?;
    let reporter = UsageReporter { usage: UsageLog::new(table, access), deliveries };
    Ok(Function::sqs(move |message: UsageMessage| {
        let reporter = reporter.clone();
        async move { reporter.count(&message).await }
    }))
}
