//! Event source mappings: from a queue to a function, batch by batch.
//!
//! As on AWS, a batch that the function handled is deleted; one that it failed stays until its visibility time-out, and the queue's redrive
//! policy ends the repetition. Only with `ReportBatchItemFailures` does the answer tell single messages apart.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::function::Function;
use crate::sqs::{Engine, Fault, Message};
use crate::tasks::Tasks;
use crate::template::model::Mapping;

/// Most messages that one receive returns.
const MAX_RECEIVE: usize = 10;

/// How long one receive waits. Short, because a receive that is cut off in the middle would hide messages that nobody handles.
const POLL: Duration = Duration::from_secs(1);

/// How long messages gather while a batch is not full and its window is open.
const GATHER: Duration = Duration::from_millis(50);

/// How long to leave a queue alone that cannot be read.
const RECOVERY: Duration = Duration::from_secs(1);

/// A mapping at work.
pub(crate) struct EventSource {
    pub(crate) mapping: Mapping,
    pub(crate) function: Arc<Function>,
    pub(crate) queues: Engine,
    pub(crate) region: String,
}

/// A function's report on a batch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    #[serde(default)]
    batch_item_failures: Option<Vec<ItemFailure>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

impl EventSource {
    /// Receives one batch, waiting up to `wait` for its first message and not at all for more, and hands it to the function. Returns how many messages
    /// that were.
    pub(crate) async fn deliver(&self, wait: Duration) -> Result<usize, Fault> {
        let batch = self.receive(wait, Duration::ZERO).await?;
        let size = batch.len();
        self.handle(batch).await?;
        Ok(size)
    }

    /// Delivers batches until the tasks are stopped; what is being handled then is finished.
    pub(crate) async fn run(self: Arc<Self>, tasks: Tasks) {
        let slots = Arc::new(Semaphore::new(self.mapping.concurrency.max(1)));
        let mut handling = JoinSet::new();
        let mut stopped = std::pin::pin!(tasks.stopped());
        while !tasks.is_stopped() {
            while handling.try_join_next().is_some() {}
            let slot = tokio::select! {
                () = &mut stopped => break,
                slot = Arc::clone(&slots).acquire_owned() => slot,
            };
            match self.receive(POLL, self.mapping.window).await {
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) => {
                    let source = Arc::clone(&self);
                    handling.spawn(async move {
                        if let Err(fault) = source.handle(batch).await {
                            tracing::error!(%fault, queue = source.mapping.queue, "batch could not be settled");
                        }
                        drop(slot);
                    });
                }
                Err(fault) => {
                    tracing::error!(%fault, queue = self.mapping.queue, "queue cannot be read");
                    tokio::select! {
                        () = &mut stopped => break,
                        () = tokio::time::sleep(RECOVERY) => {}
                    }
                }
            }
        }
        while handling.join_next().await.is_some() {}
    }

    /// Receives one batch, waiting up to `wait` for its first message and then up to `window` for more.
    async fn receive(&self, wait: Duration, window: Duration) -> Result<Vec<Message>, Fault> {
        let most = self.mapping.batch_size.max(1);
        let receive = async |batch: &[Message], wait| {
            self.queues.receive(&self.mapping.queue, (most - batch.len()).min(MAX_RECEIVE), wait).await
        };
        let mut batch = receive(&[], wait).await?;
        let until = Instant::now() + window;
        while !batch.is_empty() && batch.len() < most && Instant::now() < until {
            let more = receive(&batch, Duration::ZERO).await?;
            if more.is_empty() {
                // Messages that come one by one are not fetched one by one.
                sleep_until(until.min(Instant::now() + GATHER)).await;
            }
            batch.extend(more);
        }
        Ok(batch)
    }

    async fn handle(&self, batch: Vec<Message>) -> Result<(), Fault> {
        if batch.is_empty() {
            return Ok(());
        }
        let arn = self.queues.queue_arn(&self.mapping.queue);
        let records: Vec<Value> = batch.iter().map(|message| message.event_record(&arn, &self.region)).collect();
        // A failed invocation is logged where it happens; here it means that the whole batch stays.
        let Ok(answer) = self.function.invoke(&json!({ "Records": records })).await else { return Ok(()) };
        let Some(failed) = self.failed(answer.get(), &batch) else {
            tracing::error!(
                function = self.mapping.function,
                "the function's report is malformed, so the whole batch stays"
            );
            return Ok(());
        };
        let done = batch.into_iter().filter(|message| !failed.contains(&message.message_id));
        self.queues.delete(&self.mapping.queue, done.map(|message| message.receipt_handle).collect()).await
    }

    /// The messages that an answer says failed; `None` if they all did.
    ///
    /// Source: "Handling errors for an SQS event source", section on partial batch responses: an empty list, or none, is a success; an answer
    /// that is not JSON or names a message that is not in the batch is a failure.
    fn failed(&self, answer: &str, batch: &[Message]) -> Option<BTreeSet<String>> {
        if !self.mapping.reports_failures || matches!(answer, "null" | "\"\"") {
            return Some(BTreeSet::new());
        }
        let report: Report = serde_json::from_str(answer).ok()?;
        let failures = report.batch_item_failures.unwrap_or_default();
        let failed: BTreeSet<String> = failures.into_iter().map(|failure| failure.item_identifier).collect();
        let known = |id: &String| batch.iter().any(|message| message.message_id == *id);
        failed.iter().all(known).then_some(failed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicI64, Ordering};

    use axum::body::Body;
    use domain::kernel::Timestamp;
    use tower::ServiceExt as _;

    use super::*;
    use crate::function::tests::{stub, stub_with_timeout};
    use crate::sqs::Config;

    /// A queue `q` that gives up after three receives, with what a test needs around it.
    struct Fixture {
        queues: Engine,
        now: Arc<AtomicI64>,
    }

    impl Fixture {
        async fn new() -> Self {
            let now = Arc::new(AtomicI64::new(1_767_323_045));
            let clock = Arc::clone(&now);
            let config = Config {
                account: "000000000000".to_owned(),
                region: "eu-central-1".to_owned(),
                base_url: "http://127.0.0.1:9".to_owned(),
                clock: Arc::new(move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap()),
            };
            let queues = Engine::open(None, config).unwrap();
            queues.put_queue("dead", BTreeMap::new()).await.unwrap();
            let policy = json!({ "deadLetterTargetArn": queues.queue_arn("dead"), "maxReceiveCount": 3 }).to_string();
            queues.put_queue("q", BTreeMap::from([("RedrivePolicy".to_owned(), policy)])).await.unwrap();
            Self { queues, now }
        }

        async fn send(&self, body: &str) {
            let request = http::Request::post("/")
                .header("x-amz-target", "AmazonSQS.SendMessage")
                .body(Body::from(json!({ "QueueUrl": self.queues.queue_url("q"), "MessageBody": body }).to_string()))
                .unwrap();
            assert!(self.queues.router().oneshot(request).await.unwrap().status().is_success());
        }

        fn source(&self, reports_failures: bool, function: Arc<Function>) -> EventSource {
            let mapping = Mapping {
                queue: "q".to_owned(),
                function: "stub".to_owned(),
                batch_size: 10,
                window: Duration::ZERO,
                reports_failures,
                concurrency: 1,
            };
            EventSource { mapping, function, queues: self.queues.clone(), region: "eu-central-1".to_owned() }
        }

        /// Delivers once, after the time-out of the time before.
        async fn deliver(&self, source: &EventSource) -> usize {
            self.now.fetch_add(31, Ordering::Relaxed);
            source.deliver(Duration::ZERO).await.unwrap()
        }

        async fn left(&self) -> (u64, u64) {
            let counts = self.queues.counts().await.unwrap();
            (counts["q"].visible + counts["q"].in_flight, counts["dead"].visible)
        }
    }

    fn failing(ids: &[&str]) -> Value {
        json!({ "batchItemFailures": ids.iter().map(|id| json!({ "itemIdentifier": id })).collect::<Vec<_>>() })
    }

    #[tokio::test]
    async fn a_handled_batch_is_deleted_and_its_event_is_that_of_aws() {
        let fixture = Fixture::new().await;
        fixture.send("one").await;
        let seen = Arc::new(Mutex::new(Value::Null));
        let seen_by_stub = Arc::clone(&seen);
        let source = fixture.source(
            true,
            stub(move |event| {
                *seen_by_stub.lock().unwrap() = event;
                async { Ok(failing(&[])) }
            }),
        );
        assert_eq!(fixture.deliver(&source).await, 1);
        assert_eq!(fixture.left().await, (0, 0));
        let record = seen.lock().unwrap()["Records"][0].clone();
        let fields: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "messageId",
            "receiptHandle",
            "body",
            "attributes",
            "messageAttributes",
            "md5OfBody",
            "eventSource",
            "eventSourceARN",
            "awsRegion",
        ];
        assert_eq!(fields.into_iter().collect::<BTreeSet<_>>(), expected.into());
        assert_eq!((record["body"].as_str(), record["eventSource"].as_str()), (Some("one"), Some("aws:sqs")));
        assert_eq!(record["eventSourceARN"], "arn:aws:sqs:eu-central-1:000000000000:q");
    }

    #[tokio::test]
    async fn only_reported_messages_stay() {
        let fixture = Fixture::new().await;
        for body in ["good", "bad"] {
            fixture.send(body).await;
        }
        let source = fixture.source(
            true,
            stub(|event| async move {
                let records = event["Records"].as_array().unwrap();
                let bad: Vec<_> = records
                    .iter()
                    .filter(|record| record["body"] == "bad")
                    .map(|record| record["messageId"].as_str().unwrap())
                    .collect();
                Ok(failing(&bad))
            }),
        );
        assert_eq!(fixture.deliver(&source).await, 2);
        assert_eq!(fixture.left().await, (1, 0));
    }

    #[tokio::test]
    async fn without_the_setting_reports_are_ignored() {
        let fixture = Fixture::new().await;
        fixture.send("lost").await;
        let source = fixture.source(
            false,
            stub(|event| async move { Ok(failing(&[event["Records"][0]["messageId"].as_str().unwrap()])) }),
        );
        fixture.deliver(&source).await;
        assert_eq!(fixture.left().await, (0, 0));
    }

    #[tokio::test]
    async fn malformed_reports_fail_the_whole_batch() {
        for report in
            [failing(&["no such message"]), failing(&[""]), json!({ "batchItemFailures": [{ "id": "x" }] }), json!("?")]
        {
            let fixture = Fixture::new().await;
            fixture.send("stays").await;
            let answer = report.clone();
            let source = fixture.source(true, stub(move |_| std::future::ready(Ok(answer.clone()))));
            fixture.deliver(&source).await;
            assert_eq!(fixture.left().await, (1, 0), "{report}");
        }
    }

    #[tokio::test]
    async fn empty_reports_are_successes() {
        for report in [Value::Null, json!(""), json!({}), json!({ "batchItemFailures": null })] {
            let fixture = Fixture::new().await;
            fixture.send("done").await;
            let answer = report.clone();
            let source = fixture.source(true, stub(move |_| std::future::ready(Ok(answer.clone()))));
            fixture.deliver(&source).await;
            assert_eq!(fixture.left().await, (0, 0), "{report}");
        }
    }

    #[tokio::test]
    async fn a_failing_function_keeps_the_batch_until_it_is_dead() {
        let fixture = Fixture::new().await;
        fixture.send("poison").await;
        let source = fixture.source(true, stub(|_| async { Err("broken".into()) }));
        for _ in 0..3 {
            assert_eq!(fixture.deliver(&source).await, 1);
            assert_eq!(fixture.left().await, (1, 0));
        }
        assert_eq!(fixture.deliver(&source).await, 0);
        assert_eq!(fixture.left().await, (0, 1));
    }

    #[tokio::test]
    async fn a_function_that_takes_too_long_fails_its_batch() {
        let fixture = Fixture::new().await;
        fixture.send("slow").await;
        let source = fixture.source(true, stub_with_timeout(Duration::ZERO, |_| std::future::pending()));
        assert_eq!(fixture.deliver(&source).await, 1);
        assert_eq!(fixture.left().await, (1, 0));
    }

    #[tokio::test]
    async fn a_poller_delivers_and_ends_when_it_is_told_to() {
        let fixture = Fixture::new().await;
        fixture.send("one").await;
        let (told, mut handled) = tokio::sync::mpsc::unbounded_channel();
        let source = fixture.source(
            true,
            stub(move |_| {
                told.send(()).unwrap();
                async { Ok(Value::Null) }
            }),
        );
        let tasks = Tasks::new();
        tasks.spawn(Arc::new(source).run(tasks.clone()));
        handled.recv().await.unwrap();
        assert!(tasks.drain(Duration::from_secs(10)).await);
        assert_eq!(fixture.left().await, (0, 0));
    }
}
