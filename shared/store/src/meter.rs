//! Counts what one unit of work (a request, a message) costs in calls and capacity units.

use std::cell::Cell;
use std::future::Future;
use std::ops::AddAssign;

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Calls made and capacity consumed.
///
/// Capacity units are fractional in DynamoDB's own answers (an eventually consistent read is half a unit), hence `f64`: this is telemetry, not
/// money.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// DynamoDB requests.
    pub table_calls: u32,
    /// DynamoDB read capacity units.
    pub read_units: f64,
    /// DynamoDB write capacity units.
    pub write_units: f64,
    /// S3 requests.
    pub object_calls: u32,
    /// SQS requests.
    pub queue_calls: u32,
    /// Frames sent to WebSocket connections.
    pub socket_calls: u32,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.table_calls += other.table_calls;
        self.read_units += other.read_units;
        self.write_units += other.write_units;
        self.object_calls += other.object_calls;
        self.queue_calls += other.queue_calls;
        self.socket_calls += other.socket_calls;
    }
}

tokio::task_local! {
    static METER: Cell<Usage>;
}

/// Runs `work` and tells what it used. Scopes nest: an outer scope includes what inner ones counted.
pub async fn measured<T>(work: impl Future<Output = T>) -> (T, Usage) {
    let (output, usage) = METER.scope(Cell::new(Usage::default()), async { (work.await, METER.with(Cell::get)) }).await;
    add(usage);
    (output, usage)
}

/// Adds to the current scope, if there is one.
pub(crate) fn add(usage: Usage) {
    // Outside any scope nobody asked for the figures.
    let _ = METER.try_with(|meter| {
        let mut total = meter.get();
        total += usage;
        meter.set(total);
    });
}

/// What a DynamoDB answer says was consumed; reads and writes are told apart by the request.
pub(crate) fn add_table_call<'a>(capacity: impl IntoIterator<Item = &'a ConsumedCapacity>, kind: Kind) {
    let units: f64 = capacity.into_iter().filter_map(|c| c.capacity_units).sum();
    let (read_units, write_units) = match kind {
        Kind::Read => (units, 0.0),
        Kind::Write => (0.0, units),
    };
    add(Usage { table_calls: 1, read_units, write_units, ..Usage::default() });
}

/// Whether a request reads or writes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Read,
    Write,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn scopes_nest_and_the_outer_one_includes_the_inner_one() {
        let (inner, outer) = measured(async {
            add(Usage { queue_calls: 1, ..Usage::default() });
            measured(async { add(Usage { queue_calls: 2, ..Usage::default() }) }).await.1
        })
        .await;
        assert_eq!(inner.queue_calls, 2);
        assert_eq!(outer.queue_calls, 3);
    }
}
