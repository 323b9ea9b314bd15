//! SQS functions: a batch in, the messages that must come again out.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::kernel::Result;
use domain::kernel::telemetry::{self, Metric};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

use crate::function::Function;

impl Function {
    /// A function behind a standard queue with `ReportBatchItemFailures`. Messages of a batch are handled at the same time; each that ends in an
    /// error or a panic comes again, until the queue gives it to the dead-letter queue.
    ///
    /// A message that does not parse as `M` is logged and acknowledged: it will not parse the next time either.
    pub fn sqs<M, F>(handle: impl Fn(M) -> F + Send + Sync + 'static) -> Self
    where
        M: DeserializeOwned + Send + 'static,
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let handle = Arc::new(handle);
        Self::new(move |event, _| {
            let handle = Arc::clone(&handle);
            async move {
                let event: SqsEvent = serde_json::from_str(event.get())?;
                let handled = join_all(event.records.into_iter().map(|record| one(record, &*handle))).await;
                let mut response = SqsBatchResponse::default();
                telemetry::note(Metric::Requests, handled.len() as u64);
                response.batch_item_failures = handled.into_iter().flatten().collect();
                Ok(serde_json::value::to_raw_value(&response)?)
            }
        })
    }
}

/// Handles one message; its id if it must come again.
async fn one<M: DeserializeOwned, F: Future<Output = Result<()>>>(
    record: SqsMessage,
    handle: &(impl Fn(M) -> F + Sync),
) -> Option<BatchItemFailure> {
    let message_id = record.message_id.unwrap_or_default();
    let span = tracing::info_span!("message", message_id);
    let work = async {
        let message: M = match serde_json::from_str(record.body.as_deref().unwrap_or_default()) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(%error, "message does not parse, dropped");
                telemetry::note(Metric::Faults, 1);
                return true;
            }
        };
        match AssertUnwindSafe(store::measured(handle(message))).catch_unwind().await {
            Ok((Ok(()), usage)) => {
                tracing::info!(
                    table_calls = usage.table_calls,
                    read_units = usage.read_units,
                    write_units = usage.write_units,
                    frames = usage.socket_calls,
                    "message handled"
                );
                true
            }
            Ok((Err(error), _)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "message failed");
                false
            }
            Err(_) => {
                tracing::error!("message handler panicked");
                false
            }
        }
    };
    if work.instrument(span).await {
        return None;
    }
    telemetry::note(Metric::Faults, 1);
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message_id;
    Some(failure)
}
