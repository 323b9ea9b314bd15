//! AI Aggregator: counts finished model calls and publishes `usage.tracked` events.
//!
//! Queue: `UsageQueue`, messages [`UsageMessage`]. A message that comes twice is counted and published once. Calls of
//! one company in one batch are counted together.

use domain::aggregator::{PRODUCT, UsageLog, UsageMessage, UsageReporter};
use edge::{ConfigError, Function, Platform, Registration};

pub const FUNCTION: Registration = Registration::new(PRODUCT, "usage-worker", start);

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (_, authenticator) = platform.authenticator(&table)?;
    let deliveries = platform.deliveries(&table)?;
    let reporter = UsageReporter { usage: UsageLog::new(table, authenticator), deliveries };
    Ok(Function::sqs_batch(move |messages: Vec<UsageMessage>| {
        let reporter = reporter.clone();
        async move { reporter.count(&messages).await }
    }))
}
