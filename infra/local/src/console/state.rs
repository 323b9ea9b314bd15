//! The state of the stack, which the start page polls.

use serde::Serialize;

use super::Console;
use crate::sqs;

/// The state that changes while the stack runs.
#[derive(Debug, Serialize)]
pub(super) struct State {
    pub(super) products: Vec<ProductState>,
    pub(super) functions: Vec<FunctionState>,
    pub(super) queues: Vec<QueueState>,
}

#[derive(Debug, Serialize)]
pub(super) struct ProductState {
    pub(super) name: String,
    /// Open WebSocket connections; absent if the product has none.
    pub(super) connections: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct FunctionState {
    pub(super) name: String,
    pub(super) invocations: u64,
    pub(super) failures: u64,
    /// Duration of the latest invocation.
    pub(super) latest_milliseconds: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct QueueState {
    pub(super) name: String,
    pub(super) waiting: u64,
    pub(super) in_flight: u64,
    pub(super) delayed: u64,
    /// Whether it is a dead-letter queue.
    pub(super) dead_letters: bool,
}

pub(super) async fn read(console: &Console) -> Result<State, sqs::Fault> {
    let counts = console.queues.counts().await?;
    let products = console.products.iter().map(|product| ProductState {
        name: product.name.clone(),
        connections: product.sockets.as_ref().map(|sockets| sockets.count()),
    });
    let functions = console.functions.values().map(|function| FunctionState {
        name: function.name.clone(),
        invocations: function.record.invocations(),
        failures: function.record.failures(),
        latest_milliseconds: function.record.latest(),
    });
    let queues = counts.into_iter().map(|(name, counts)| QueueState {
        dead_letters: console.dead_letters.contains(&name),
        name,
        waiting: counts.visible,
        in_flight: counts.in_flight,
        delayed: counts.delayed,
    });
    Ok(State { products: products.collect(), functions: functions.collect(), queues: queues.collect() })
}
