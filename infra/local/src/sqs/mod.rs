//! Amazon SQS, embedded: queues in SQLite behind the AWS JSON 1.0 protocol, for the real SDK clients.
//!
//! Standard and FIFO queues, batches, long polls, delays, visibility time-outs, dead-letter queues. What AWS documents
//! or was seen to answer is kept to the letter where a program could depend on it: error codes, limits, attribute
//! names. `tests/conformance` runs the same scenarios against this engine and an independent one.
//!
//! Unlike AWS: counts are exact, a standard queue delivers in order and once per visibility time-out, a queue name is
//! free again as soon as its queue is deleted, and nobody is authorised or throttled. There are no tags, permissions or
//! message move tasks, no limits on messages in flight or on the sum of extensions of a visibility time-out (12 hours
//! on AWS). `ReceiveRequestAttemptId` is ignored, `RedriveAllowPolicy` is kept but not enforced, and a new
//! `DelaySeconds` of a FIFO queue does not reach messages already sent.
//!
//! - `fault`: refusals and their codes.
//! - `queue`: attributes of queues.
//! - `message`: messages, their rules and digests.
//! - `store`: the tables.
//! - `actions`: everything but receiving, which needs to wait and is here.

mod actions;
mod fault;
mod message;
mod queue;
mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path as UrlPath, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

pub use self::fault::Fault;
pub use self::message::{AttributeValue, Message};

use self::actions::{Deletion, Visibility};
use self::fault::MAX_BATCH;
use self::message::{Outgoing, invalid_value};
use self::store::{Received, Store, Tx, check_visibility, new_id};

/// Largest request body in bytes. JSON escapes can triple a full batch of 1 MiB.
const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;
/// Longest long poll.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// Tells the time; tests move it by hand.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where the engine believes itself to be.
pub struct Config {
    /// The twelve digits of the account, part of every queue URL and ARN.
    pub account: String,
    /// The region, part of every ARN.
    pub region: String,
    /// Where [`Engine::router`] is served, as in `http://127.0.0.1:9324`; queue URLs start with it.
    pub base_url: String,
    /// The time of every delay, time-out and timestamp.
    pub clock: Clock,
}

impl Config {
    fn url(&self, queue: &str) -> String {
        format!("{}/{}/{queue}", self.base_url.trim_end_matches('/'), self.account)
    }

    fn arn(&self, queue: &str) -> String {
        format!("arn:aws:sqs:{}:{}:{queue}", self.region, self.account)
    }

    /// The name in the ARN of a queue of this account and region.
    fn queue_of_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        let (_, name) = arn.rsplit_once(':')?;
        (arn == self.arn(name)).then_some(name)
    }

    /// The name in a queue's URL. The host is not looked at, because a queue is reached under several names; a name
    /// without a URL is taken too, as on AWS.
    fn queue_of_url<'a>(&self, url: &'a str) -> Result<&'a str, Fault> {
        let mut segments = url.trim_end_matches('/').rsplit('/');
        match (segments.next(), segments.next()) {
            (None | Some(""), _) => Err(Fault::MissingParameter("QueueUrl")),
            (Some(_), Some(account)) if account != self.account => Err(Fault::QueueDoesNotExist),
            (Some(name), _) => Ok(name),
        }
    }
}

/// Why an engine cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened, or is no database.
    #[error("the queue store cannot be opened")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was written by another version of this program.
    #[error("the queue store has layout {found}, which this version cannot read; delete it to start afresh")]
    Version {
        /// The layout that the file says it has.
        found: i64,
    },
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ready to be received.
    pub visible: u64,
    /// Received, neither deleted nor timed out.
    pub in_flight: u64,
    /// Sent with a delay that is not over.
    pub delayed: u64,
}

/// The SQS of one account in one region. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    config: Arc<Config>,
    /// SQLite has one writer at a time anyway, and a transaction takes tens of microseconds.
    store: Mutex<Store>,
    in_memory: bool,
    /// By queue name: what wakes its long polls.
    bells: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Engine {
    /// Opens the store at `path`, or one in memory that ends with the process.
    ///
    /// The file has two companions (`-wal`, `-shm`). Only one engine may have it open.
    pub fn open(path: Option<&Path>, config: Config) -> Result<Self, Error> {
        let config = Arc::new(config);
        let store = Mutex::new(Store::open(path, Arc::clone(&config))?);
        Ok(Self { inner: Arc::new(Inner { config, store, in_memory: path.is_none(), bells: Mutex::default() }) })
    }

    /// The service itself: `POST /` and, for clients that call queue URLs, `POST /{account}/{queue}`.
    pub fn router(&self) -> Router {
        let root = |State(engine): State<Self>, headers: HeaderMap, body: Bytes| async move {
            engine.answer("", target(&headers), &body).await
        };
        let queue = |State(engine): State<Self>,
                     UrlPath((account, queue)): UrlPath<(String, String)>,
                     headers: HeaderMap,
                     body: Bytes| async move {
            engine.answer(&format!("/{account}/{queue}"), target(&headers), &body).await
        };
        Router::new()
            .route("/", post(root))
            .route("/{account}/{queue}", post(queue))
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
            .with_state(self.clone())
    }

    /// The URL of the queue `name`, which need not exist.
    pub fn queue_url(&self, name: &str) -> String {
        self.inner.config.url(name)
    }

    /// The ARN of the queue `name`, which need not exist.
    pub fn queue_arn(&self, name: &str) -> String {
        self.inner.config.arn(name)
    }

    /// Creates the queue `name` or, when it exists, gives it exactly these attributes and keeps its messages, as an
    /// update of a CloudFormation stack does. A dead-letter queue must be put before the queue that names it.
    pub async fn put_queue(&self, name: &str, attributes: BTreeMap<String, String>) -> Result<(), Fault> {
        let name = name.to_owned();
        self.transact(move |tx| actions::put_queue(tx, &name, &attributes)).await
    }

    /// Receives 1 to 10 messages of the queue `name` with all their attributes, waiting up to `wait` (at most 20
    /// seconds) for the first. They stay hidden for the queue's visibility time-out. For event source mappings and
    /// tests.
    pub async fn receive(&self, name: &str, max: usize, wait: Duration) -> Result<Vec<Message>, Fault> {
        self.poll(name, max.clamp(1, MAX_BATCH), None, Some(wait.min(MAX_WAIT))).await
    }

    /// Deletes received messages of the queue `name`. Stale handles are skipped.
    pub async fn delete(&self, name: &str, receipt_handles: Vec<String>) -> Result<(), Fault> {
        let queue = name.to_owned();
        self.transact(move |tx| {
            let queue = tx.queue(&queue)?;
            receipt_handles.iter().try_for_each(|handle| match tx.delete(&queue, handle) {
                Err(Fault::InvalidParameterValue(_)) => Ok(()),
                done => done,
            })
        })
        .await?;
        self.ring(name);
        Ok(())
    }

    /// How many messages each queue holds, by queue name.
    pub async fn counts(&self) -> Result<BTreeMap<String, Counts>, Fault> {
        self.transact(|tx| {
            let names = tx.queue_names("", "", None)?;
            names.into_iter().map(|name| Ok((name.clone(), tx.counts(&tx.queue(&name)?)?))).collect()
        })
        .await
    }

    /// Makes every long poll look again. Needed after moving an injected clock, which nothing else reports.
    pub fn wake(&self) {
        for bell in self.inner.bells.lock().unwrap_or_else(PoisonError::into_inner).values() {
            bell.notify_waiters();
        }
    }

    fn bell(&self, queue: &str) -> Arc<Notify> {
        let mut bells = self.inner.bells.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(queue.to_owned()).or_default())
    }

    fn ring(&self, queue: &str) {
        self.bell(queue).notify_waiters();
    }

    /// Runs `work`: on the blocking pool if there is a file, because a transaction that has to move the log into it waits for the disk, and the
    /// functions under test share the async threads.
    async fn transact<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let engine = self.clone();
        // A panic inside a transaction rolls it back, so the store behind a poisoned lock is sound.
        let run = move || engine.inner.store.lock().unwrap_or_else(PoisonError::into_inner).transact(work);
        if self.inner.in_memory {
            return run();
        }
        tokio::task::spawn_blocking(run).await.map_err(|cause| Fault::Internal(Box::new(cause)))?
    }

    /// Receives, waiting for the first message until `wait` (the queue's own wait when absent) is over.
    async fn poll(
        &self,
        name: &str,
        max: usize,
        visibility: Option<i64>,
        wait: Option<Duration>,
    ) -> Result<Vec<Message>, Fault> {
        let started = Instant::now();
        let bell = self.bell(name);
        loop {
            let mut rung = std::pin::pin!(bell.notified());
            // Listening starts before looking, or a message that arrives in between would be missed.
            rung.as_mut().enable();
            let queue = name.to_owned();
            let Received { messages, dead_letters_to, next_in, default_wait } =
                self.transact(move |tx| tx.receive(&tx.queue(&queue)?, max, visibility)).await?;
            if let Some(queue) = dead_letters_to {
                self.ring(&queue);
            }
            let deadline = started + wait.unwrap_or(Duration::from_secs(default_wait));
            if !messages.is_empty() || Instant::now() >= deadline {
                return Ok(messages);
            }
            let next_at = next_in.map(|millis| Instant::now() + Duration::from_millis(millis));
            // Either way the loop looks again; only the deadline decides.
            drop(timeout_at(next_at.map_or(deadline, |at| at.min(deadline)), rung).await);
        }
    }

    /// Answers one request. `target` is its header `x-amz-target`.
    pub(crate) async fn answer(&self, path: &str, target: &str, body: &[u8]) -> Response {
        let action = target.strip_prefix("AmazonSQS.").unwrap_or_default();
        let mut response = match self.call(action, path, body).await {
            Ok(answer) => reply(StatusCode::OK, &answer),
            Err(fault) => fault.into_response(),
        };
        let request_id = new_id((self.inner.config.clock)().as_millisecond());
        if let Ok(value) = HeaderValue::try_from(request_id.to_string()) {
            response.headers_mut().insert(HeaderName::from_static("x-amzn-requestid"), value);
        }
        response
    }

    async fn call(&self, action: &str, path: &str, body: &[u8]) -> Result<Value, Fault> {
        let request: Value = serde_json::from_slice(body).map_err(|cause| Fault::Serialization(cause.to_string()))?;
        let url = request.get("QueueUrl").and_then(Value::as_str).unwrap_or(path);
        let queue = self.inner.config.queue_of_url(url).map(str::to_owned);
        let run = match action {
            "ReceiveMessage" => return self.receive_message(&queue?, actions::parse(request)?).await,
            "SendMessage" => actions::one::<Outgoing>,
            "SendMessageBatch" => actions::batch::<Outgoing>,
            "DeleteMessage" => actions::one::<Deletion>,
            "DeleteMessageBatch" => actions::batch::<Deletion>,
            "ChangeMessageVisibility" => actions::one::<Visibility>,
            "ChangeMessageVisibilityBatch" => actions::batch::<Visibility>,
            _ => {
                let action = action.to_owned();
                let answer = self.transact(move |tx| actions::administer(tx, &action, queue, request)).await?;
                self.wake();
                return Ok(answer);
            }
        };
        let queue = queue?;
        let bell = self.bell(&queue);
        let answer = self.transact(move |tx| run(tx, &queue, request)).await?;
        bell.notify_waiters();
        Ok(answer)
    }

    async fn receive_message(&self, queue: &str, request: ReceiveMessage) -> Result<Value, Fault> {
        let max = request.max_number_of_messages.unwrap_or(1);
        let max = usize::try_from(max)
            .ok()
            .filter(|max| (1..=MAX_BATCH).contains(max))
            .ok_or_else(|| invalid_value("MaxNumberOfMessages", max, "Must be between 1 and 10, if provided."))?;
        let wait = request.wait_time_seconds.map(|seconds| {
            let wait = u64::try_from(seconds).ok().map(Duration::from_secs).filter(|wait| *wait <= MAX_WAIT);
            wait.ok_or_else(|| invalid_value("WaitTimeSeconds", seconds, "Must be >= 0 and <= 20, if provided."))
        });
        request.visibility_timeout.map_or(Ok(()), check_visibility)?;
        let mut messages = self.poll(queue, max, request.visibility_timeout, wait.transpose()?).await?;
        let system = [request.attribute_names, request.message_system_attribute_names].concat();
        for message in &mut messages {
            message.keep(&system, &request.message_attribute_names);
        }
        Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
    }
}

fn target(headers: &HeaderMap) -> &str {
    headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The parameters of `ReceiveMessage`. `AttributeNames` is the older name of `MessageSystemAttributeNames`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ReceiveMessage {
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    attribute_names: Vec<String>,
    message_system_attribute_names: Vec<String>,
    message_attribute_names: Vec<String>,
}

/// A response in AWS JSON 1.0.
fn reply(status: StatusCode, body: &Value) -> Response {
    let content_type = (header::CONTENT_TYPE, "application/x-amz-json-1.0");
    (status, [content_type], Body::from(body.to_string())).into_response()
}
