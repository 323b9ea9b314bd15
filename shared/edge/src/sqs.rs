//! SQS functions: a batch in, the failed messages out.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::kernel::telemetry::{self, Metric};
use domain::kernel::{Error, Result};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

use crate::function::Function;

impl Function {
    /// A function behind a standard queue with `ReportBatchItemFailures`. Messages of a batch are handled concurrently;
    /// each that ends in an error or a panic is redelivered, up to the queue's `maxReceiveCount`.
    ///
    /// A message that does not parse as `M` is logged and acknowledged: a retry cannot help.
    pub fn sqs<M, F>(handle: impl Fn(M) -> F + Send + Sync + 'static) -> Self
    where
        M: DeserializeOwned + Send + 'static,
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let handle = Arc::new(handle);
        Self::batches(move |records| {
            let handle = Arc::clone(&handle);
            async move {
                let handled = join_all(records.into_iter().map(|record| one(record, &*handle))).await;
                handled.into_iter().flatten().collect()
            }
        })
    }

    /// The same for messages that are cheaper to handle together. `handle` returns a result per message, in their
    /// order; a panic fails all.
    pub fn sqs_batch<M, F>(handle: impl Fn(Vec<M>) -> F + Send + Sync + 'static) -> Self
    where
        M: DeserializeOwned + Send + 'static,
        F: Future<Output = Vec<Result<(), Arc<Error>>>> + Send + 'static,
    {
        let handle = Arc::new(handle);
        Self::batches(move |records| {
            let handle = Arc::clone(&handle);
            async move { together(records, &*handle).await }
        })
    }

    /// `handle` returns the failed messages of a batch.
    fn batches<F>(handle: impl Fn(Vec<SqsMessage>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Vec<BatchItemFailure>> + Send + 'static,
    {
        let handle = Arc::new(handle);
        Self::new(move |event, _| {
            let handle = Arc::clone(&handle);
            async move {
                let event: SqsEvent = serde_json::from_str(event.get())?;
                telemetry::note(Metric::REQUESTS, event.records.len() as u64);
                let mut response = SqsBatchResponse::default();
                response.batch_item_failures = handle(event.records).await;
                Ok(serde_json::value::to_raw_value(&response)?)
            }
        })
    }
}

/// Handles one message. Returns its ID if it failed.
async fn one<M: DeserializeOwned, F: Future<Output = Result<()>>>(
    record: SqsMessage,
    handle: &(impl Fn(M) -> F + Sync),
) -> Option<BatchItemFailure> {
    let (id, message) = read(record);
    let span = tracing::info_span!("message", message_id = id);
    let work = async {
        let Some(message) = message else { return true };
        match AssertUnwindSafe(store::measured(handle(message))).catch_unwind().await {
            Ok((Ok(()), usage)) => {
                log_handled(1, usage);
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
    if work.instrument(span).await { None } else { Some(again(id)) }
}

/// Handles a batch together. Returns the IDs of the failed messages.
async fn together<M: DeserializeOwned, F: Future<Output = Vec<Result<(), Arc<Error>>>>>(
    records: Vec<SqsMessage>,
    handle: &(impl Fn(Vec<M>) -> F + Sync),
) -> Vec<BatchItemFailure> {
    let read = records.into_iter().map(read).filter_map(|(id, message)| Some((id, message?)));
    let (ids, messages): (Vec<_>, Vec<M>) = read.unzip();
    if messages.is_empty() {
        return Vec::new();
    }
    let Ok((handled, usage)) = AssertUnwindSafe(store::measured(handle(messages))).catch_unwind().await else {
        tracing::error!(messages = ids.len(), "batch handler panicked");
        return ids.into_iter().map(again).collect();
    };
    log_handled(ids.len(), usage);
    // A message without a result has failed.
    let mut handled = handled.into_iter();
    let failed = ids.into_iter().filter_map(|id| match handled.next() {
        Some(Ok(())) => None,
        Some(Err(error)) => {
            tracing::error!(message_id = id, error = &*error as &dyn std::error::Error, "message failed");
            Some(again(id))
        }
        None => Some(again(id)),
    });
    failed.collect()
}

/// A message and its ID. No message if it does not parse: it is acknowledged.
fn read<M: DeserializeOwned>(record: SqsMessage) -> (String, Option<M>) {
    let message_id = record.message_id.unwrap_or_default();
    let message = serde_json::from_str(record.body.as_deref().unwrap_or_default());
    if let Err(error) = &message {
        tracing::error!(message_id, %error, "message does not parse, dropped");
        telemetry::note(Metric::FAULTS, 1);
    }
    (message_id, message.ok())
}

fn log_handled(messages: usize, usage: store::Usage) {
    tracing::info!(
        messages,
        table_calls = usage.table_calls,
        read_units = usage.read_units,
        write_units = usage.write_units,
        frames = usage.socket_calls,
        "message handled"
    );
}

/// The report of a failed message.
fn again(message_id: String) -> BatchItemFailure {
    telemetry::note(Metric::FAULTS, 1);
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message_id;
    failure
}

#[cfg(test)]
mod tests {
    use lambda_runtime::Context;
    use serde_json::{Value, json};

    use super::*;
    use crate::function::Answer;

    /// What a function over numbers reports of a batch: message `a` has the first body, and so on.
    async fn report(function: Function, bodies: &[&str]) -> Value {
        let records: Vec<_> =
            bodies.iter().zip('a'..).map(|(body, id)| json!({ "messageId": id, "body": body })).collect();
        let event = serde_json::value::to_raw_value(&json!({ "Records": records })).unwrap();
        match function.answer(event, Context::default()).await.unwrap() {
            Answer::Whole(json) => serde_json::from_str(json.get()).unwrap(),
            Answer::Stream(_) => panic!("a stream"),
        }
    }

    fn again(ids: &[&str]) -> Value {
        let failures: Vec<_> = ids.iter().map(|id| json!({ "itemIdentifier": id })).collect();
        json!({ "batchItemFailures": failures })
    }

    /// Fails for odd numbers, and panics at 13.
    fn even(number: i64) -> Result<()> {
        assert_ne!(number, 13, "on purpose");
        if number % 2 == 0 { Ok(()) } else { Err(Error::internal("number", "odd")) }
    }

    #[tokio::test]
    async fn each_message_that_fails_comes_again() {
        let single = || Function::sqs(|number: i64| async move { even(number) });
        assert_eq!(report(single(), &["2", "3", "x", "13", "4"]).await, again(&["b", "d"]));
        let batch = || {
            Function::sqs_batch(|numbers: Vec<i64>| async move {
                numbers.into_iter().map(|number| even(number).map_err(Arc::new)).collect()
            })
        };
        assert_eq!(report(batch(), &["2", "3", "x", "4", "5"]).await, again(&["b", "e"]));
        assert_eq!(report(batch(), &["2", "x", "13", "4"]).await, again(&["a", "c", "d"]), "who was done is not known");
        assert_eq!(report(batch(), &["x"]).await, again(&[]));
        let silent = Function::sqs_batch(|_: Vec<i64>| async { vec![Ok(())] });
        assert_eq!(report(silent, &["1", "2"]).await, again(&["b"]));
    }
}
