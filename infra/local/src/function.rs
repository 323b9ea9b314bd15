//! Runs a function the way Lambda does: one event, one answer, a time-out, and no panic that reaches anybody else.
//!
//! An answer that is streamed is part of the invocation until its last piece: the time-out covers it, and so does what is told about the
//! function. One thing differs from Lambda, where a function runs on when the client has left: here its work is dropped at once, so that tests
//! see what a handler does about it.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use edge::{ConfigError, InvokeAnswer, Pieces, Platform, Start, Streamed};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use lambda_runtime::{Context, MetadataPrelude};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument as _, Span};

/// The answer of a function, or why it failed.
pub(crate) type Answer = Result<InvokeAnswer, lambda_runtime::Error>;

/// Handles events. What a function library builds, without the type.
pub(crate) type Handler = Arc<dyn Fn(Box<RawValue>, Context) -> BoxFuture<'static, Answer> + Send + Sync>;

/// Builds a handler, as a cold start does.
pub(crate) type Starter = Box<dyn Fn(&Platform) -> Result<Handler, ConfigError> + Send + Sync>;

/// Largest event and largest answer of a function that somebody waits for, in bytes.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 6_291_556;

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The function cannot start with the variables that it has.
    #[error("cannot start: {0}")]
    Start(#[from] ConfigError),
    /// The function ended in an error.
    #[error("failed: {0}")]
    Failed(lambda_runtime::Error),
    /// The function panicked.
    #[error("panicked: {0}")]
    Panicked(String),
    /// The function took longer than it may. Its work was dropped where it stood.
    #[error("timed out after {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// The event or the answer is larger than Lambda's limit.
    #[error("event or answer of {0} bytes is too large")]
    TooLarge(usize),
    /// The function streams its answer, and whoever invoked it takes JSON.
    #[error("answers with a stream, which this trigger does not take")]
    Streams,
    /// What was given as an event is not JSON.
    #[error("event is not JSON: {0}")]
    Event(#[from] serde_json::Error),
}

/// What a function answers.
pub(crate) enum Response {
    /// JSON, all of it.
    Whole(Box<RawValue>),
    /// The response to an HTTP request, whose body is still to come.
    Stream {
        /// Status, headers and cookies.
        head: MetadataPrelude,
        /// The body. Dropping it ends the function's work.
        body: BoxStream<'static, Result<Bytes, InvokeError>>,
    },
}

/// A function and what it needs to run.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) timeout: Duration,
    pub(crate) memory: i32,
    pub(crate) start: Starter,
    pub(crate) instance: Mutex<Arc<Instance>>,
    pub(crate) record: Record,
}

/// A function with the variables of its latest deployment.
pub(crate) struct Instance {
    pub(crate) platform: Platform,
    handler: OnceLock<Handler>,
}

impl Instance {
    /// One that has not been started.
    pub(crate) fn new(platform: Platform) -> Arc<Self> {
        Arc::new(Self { platform, handler: OnceLock::new() })
    }
}

/// What a function has done since the stack started, for people to look at.
#[derive(Debug, Default)]
pub(crate) struct Record {
    invocations: AtomicU64,
    failures: AtomicU64,
    /// How long the latest invocation took, in milliseconds.
    latest: AtomicU64,
}

impl Record {
    fn add(&self, took: Duration, failed: bool) {
        self.invocations.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(failed), Ordering::Relaxed);
        self.latest.store(u64::try_from(took.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Invocations so far.
    pub(crate) fn invocations(&self) -> u64 {
        self.invocations.load(Ordering::Relaxed)
    }

    /// How many of them ended without an answer.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// How long the latest one took, in milliseconds; `None` before the first.
    pub(crate) fn latest(&self) -> Option<u64> {
        (self.invocations() > 0).then(|| self.latest.load(Ordering::Relaxed))
    }
}

impl Function {
    /// Starts the function unless it runs already.
    pub(crate) fn start(&self) -> Result<(), ConfigError> {
        self.handler().map(drop)
    }

    /// What the function is given.
    pub(crate) fn platform(&self) -> Platform {
        self.instance().platform.clone()
    }

    /// Gives the function something else; the next event finds a fresh instance.
    pub(crate) fn replace(&self, platform: Platform) {
        *self.instance.lock().unwrap_or_else(PoisonError::into_inner) = Instance::new(platform);
    }

    fn instance(&self) -> Arc<Instance> {
        Arc::clone(&self.instance.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn handler(&self) -> Result<Handler, ConfigError> {
        let instance = self.instance();
        if let Some(handler) = instance.handler.get() {
            return Ok(Arc::clone(handler));
        }
        // Two first events at once build two handlers, one of which is dropped: as if Lambda had started two environments.
        let handler = (self.start)(&instance.platform)?;
        Ok(Arc::clone(instance.handler.get_or_init(|| handler)))
    }

    /// Handles one event of a trigger that takes JSON for an answer.
    ///
    /// Runs in the caller's task, so that task-local measurements see what the function does.
    pub(crate) async fn invoke(self: &Arc<Self>, event: &impl serde::Serialize) -> Result<Box<RawValue>, InvokeError> {
        match self.answer(event).await? {
            Response::Whole(answer) => Ok(answer),
            Response::Stream { .. } => Err(InvokeError::Streams),
        }
    }

    /// Handles one event.
    ///
    /// Runs in the task of the caller and of whoever takes the body, so that task-local measurements see what the function does.
    pub(crate) async fn answer(self: &Arc<Self>, event: &impl serde::Serialize) -> Result<Response, InvokeError> {
        let event = serde_json::value::to_raw_value(event)?;
        let invocation = Invocation {
            function: Arc::clone(self),
            span: tracing::info_span!("function", name = self.name),
            begun: Instant::now(),
            failed: false,
        };
        let span = invocation.span.clone();
        match self.run(event, invocation.deadline()).instrument(span).await {
            Ok(InvokeAnswer::Whole(answer)) => Ok(Response::Whole(answer)),
            Ok(InvokeAnswer::Stream(Streamed { head, body })) => {
                Ok(Response::Stream { head, body: invocation.watch(body) })
            }
            Err(error) => Err(invocation.fail(error)),
        }
    }

    async fn run(&self, event: Box<RawValue>, deadline: Instant) -> Result<InvokeAnswer, InvokeError> {
        check_size(&event)?;
        let handler = self.handler()?;
        let work = AssertUnwindSafe(handler(event, self.context())).catch_unwind();
        match timeout_at(deadline, work).await {
            Err(_) => Err(InvokeError::TimedOut(self.timeout)),
            Ok(Err(panic)) => Err(InvokeError::Panicked(message_of(&*panic))),
            Ok(Ok(Err(error))) => Err(InvokeError::Failed(error)),
            Ok(Ok(Ok(InvokeAnswer::Whole(answer)))) => check_size(&answer).map(|()| InvokeAnswer::Whole(answer)),
            Ok(Ok(Ok(stream))) => Ok(stream),
        }
    }

    fn context(&self) -> Context {
        let instance = self.instance();
        let now = instance.platform.clock.now();
        let deadline = now.as_millisecond().saturating_add(i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX));
        let mut context = Context::default();
        context.request_id = instance.platform.ids.uuid(now).to_string();
        context.deadline = u64::try_from(deadline).unwrap_or_default();
        context.invoked_function_arn.clone_from(&self.arn);
        context.env_config = Arc::new(lambda_runtime::Config {
            function_name: self.name.clone(),
            memory: self.memory,
            version: "$LATEST".to_owned(),
            log_stream: String::new(),
            log_group: format!("/aws/lambda/{}", self.name),
        });
        context
    }
}

/// One invocation, which the function's record gets when it ended.
struct Invocation {
    function: Arc<Function>,
    span: Span,
    begun: Instant,
    failed: bool,
}

impl Invocation {
    fn deadline(&self) -> Instant {
        self.begun + self.function.timeout
    }

    fn fail(mut self, error: InvokeError) -> InvokeError {
        self.failed = true;
        self.span.in_scope(|| tracing::error!(%error, "invocation failed"));
        error
    }

    /// A body that ends where its invocation ends. What fails in the middle is its last piece.
    fn watch(self, body: Pieces) -> BoxStream<'static, Result<Bytes, InvokeError>> {
        let pieces = stream::unfold(Some((self, body)), |state| async {
            let (invocation, mut body) = state?;
            let next = AssertUnwindSafe(body.next()).catch_unwind().instrument(invocation.span.clone());
            match timeout_at(invocation.deadline(), next).await {
                Ok(Ok(Some(piece))) => Some((Ok(piece), Some((invocation, body)))),
                Ok(Ok(None)) => None,
                Ok(Err(panic)) => Some((Err(invocation.fail(InvokeError::Panicked(message_of(&*panic)))), None)),
                Err(_) => {
                    let timeout = invocation.function.timeout;
                    Some((Err(invocation.fail(InvokeError::TimedOut(timeout))), None))
                }
            }
        });
        pieces.boxed()
    }
}

impl Drop for Invocation {
    fn drop(&mut self) {
        self.function.record.add(self.begun.elapsed(), self.failed);
    }
}

/// A starter from the one export of a function library.
pub(crate) fn starter(start: Start) -> Starter {
    Box::new(move |platform| {
        let function = start(platform)?;
        Ok(Arc::new(move |event, context| {
            let function = function.clone();
            Box::pin(async move { function.answer(event, context).await })
        }))
    })
}

fn check_size(payload: &RawValue) -> Result<(), InvokeError> {
    let size = payload.get().len();
    if size > MAX_PAYLOAD_BYTES { Err(InvokeError::TooLarge(size)) } else { Ok(()) }
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::future::Future;

    use serde_json::{Value, json};

    use super::*;

    /// A function that answers with what `handle` makes of the event.
    pub(crate) fn stub<F>(handle: impl Fn(Value) -> F + Send + Sync + 'static) -> Arc<Function>
    where
        F: Future<Output = Result<Value, lambda_runtime::Error>> + Send + 'static,
    {
        stub_with_timeout(Duration::from_secs(10), handle)
    }

    pub(crate) fn stub_with_timeout<F>(
        timeout: Duration,
        handle: impl Fn(Value) -> F + Send + Sync + 'static,
    ) -> Arc<Function>
    where
        F: Future<Output = Result<Value, lambda_runtime::Error>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |event, _| {
            let answer = handle(serde_json::from_str(event.get()).unwrap());
            Box::pin(async move { Ok(InvokeAnswer::Whole(serde_json::value::to_raw_value(&answer.await?)?)) })
        });
        of_handler(timeout, handler)
    }

    /// A function that answers with status 200 and the stream that `pieces` makes of the event.
    pub(crate) fn streaming_stub(
        timeout: Duration,
        pieces: impl Fn(Value) -> Pieces + Send + Sync + 'static,
    ) -> Arc<Function> {
        let handler: Handler = Arc::new(move |event, _| {
            let body = pieces(serde_json::from_str(event.get()).unwrap());
            let head = MetadataPrelude::default();
            Box::pin(async move { Ok(InvokeAnswer::Stream(Streamed { head, body })) })
        });
        of_handler(timeout, handler)
    }

    /// The function of a library.
    pub(crate) fn of_library(start: Start) -> Arc<Function> {
        of_starter(Duration::from_secs(10), starter(start))
    }

    fn of_handler(timeout: Duration, handler: Handler) -> Arc<Function> {
        of_starter(timeout, Box::new(move |_| Ok(Arc::clone(&handler))))
    }

    fn of_starter(timeout: Duration, start: Starter) -> Arc<Function> {
        Arc::new(Function {
            name: "stub".to_owned(),
            arn: "arn:aws:lambda:eu-central-1:000000000000:function:stub".to_owned(),
            timeout,
            memory: 128,
            start,
            instance: Mutex::new(Instance::new(crate::gateway::stamp::tests::platform())),
            record: Record::default(),
        })
    }

    #[tokio::test]
    async fn an_answer_comes_back() {
        let function = stub(|event| async move { Ok(json!({ "saw": event })) });
        assert_eq!(function.invoke(&json!({ "a": 1 })).await.unwrap().get(), r#"{"saw":{"a":1}}"#);
    }

    #[tokio::test]
    async fn errors_and_panics_fail_the_one_invocation() {
        let function = stub(|event| async move {
            assert!(event != json!("panic"), "on purpose");
            Err("on purpose".into())
        });
        assert_eq!(function.invoke(&json!("error")).await.unwrap_err().to_string(), "failed: on purpose");
        assert_eq!(function.invoke(&json!("panic")).await.unwrap_err().to_string(), "panicked: on purpose");
    }

    #[tokio::test]
    async fn a_function_that_takes_too_long_is_dropped() {
        let function = stub_with_timeout(Duration::ZERO, |_| std::future::pending());
        assert_eq!(function.invoke(&json!({})).await.unwrap_err().to_string(), "timed out after 0 seconds");
    }

    #[tokio::test]
    async fn answers_over_six_megabytes_are_refused() {
        let function = stub(|_| async { Ok(Value::String("x".repeat(MAX_PAYLOAD_BYTES))) });
        assert!(matches!(function.invoke(&json!({})).await, Err(InvokeError::TooLarge(_))));
    }

    async fn body_of(function: &Arc<Function>) -> BoxStream<'static, Result<Bytes, InvokeError>> {
        match function.answer(&json!({})).await.unwrap() {
            Response::Stream { body, .. } => body,
            Response::Whole(json) => panic!("{json}"),
        }
    }

    #[tokio::test]
    async fn a_stream_counts_when_it_ended() {
        let function = streaming_stub(Duration::from_secs(10), |_| stream::iter(["a", "b"]).map(Bytes::from).boxed());
        let body = body_of(&function).await;
        assert_eq!(function.record.invocations(), 0);
        let pieces: Vec<_> = body.map(Result::unwrap).collect().await;
        assert_eq!(pieces, ["a", "b"]);
        assert_eq!((function.record.invocations(), function.record.failures()), (1, 0));
        assert!(matches!(function.invoke(&json!({})).await, Err(InvokeError::Streams)));
    }

    #[tokio::test]
    async fn a_panic_in_a_stream_is_its_last_piece() {
        let function = streaming_stub(Duration::from_secs(10), |_| {
            let pieces = stream::iter(["a", "panic"]).map(|piece| {
                assert_ne!(piece, "panic");
                Bytes::from(piece)
            });
            pieces.boxed()
        });
        let mut body = body_of(&function).await;
        assert_eq!(body.next().await.unwrap().unwrap(), "a");
        assert!(matches!(body.next().await, Some(Err(InvokeError::Panicked(_)))));
        assert!(body.next().await.is_none());
        assert_eq!((function.record.invocations(), function.record.failures()), (1, 1));
    }

    #[tokio::test]
    async fn the_time_out_covers_the_whole_stream() {
        let function =
            streaming_stub(Duration::from_millis(1), |_| stream::once(std::future::pending::<Bytes>()).boxed());
        let error = body_of(&function).await.next().await.unwrap().unwrap_err();
        assert!(matches!(error, InvokeError::TimedOut(_)), "{error}");
        assert_eq!(function.record.failures(), 1);
    }
}
