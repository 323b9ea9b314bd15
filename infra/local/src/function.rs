//! Runs a function the way Lambda does: one event, one answer, a time-out, and no panic that reaches anybody else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use edge::{ConfigError, Platform, Start};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lambda_runtime::Context;
use serde_json::value::RawValue;
use tracing::Instrument as _;

/// The answer of a function, or why it failed.
pub(crate) type Answer = Result<Box<RawValue>, lambda_runtime::Error>;

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
    /// What was given as an event is not JSON.
    #[error("event is not JSON: {0}")]
    Event(#[from] serde_json::Error),
}

/// A function and what it needs to run.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) timeout: Duration,
    pub(crate) memory: i32,
    pub(crate) platform: Platform,
    pub(crate) start: Starter,
    pub(crate) handler: OnceLock<Handler>,
    pub(crate) record: Record,
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

    fn handler(&self) -> Result<Handler, ConfigError> {
        if let Some(handler) = self.handler.get() {
            return Ok(Arc::clone(handler));
        }
        // Two first events at once build two handlers, one of which is dropped: as if Lambda had started two environments.
        let handler = (self.start)(&self.platform)?;
        Ok(Arc::clone(self.handler.get_or_init(|| handler)))
    }

    /// Handles one event.
    ///
    /// Runs in the caller's task, so that task-local measurements see what the function does.
    pub(crate) async fn invoke(&self, event: &impl serde::Serialize) -> Result<Box<RawValue>, InvokeError> {
        let span = tracing::info_span!("function", name = self.name);
        let begun = Instant::now();
        let outcome = self.run(serde_json::value::to_raw_value(event)?).instrument(span.clone()).await;
        self.record.add(begun.elapsed(), outcome.is_err());
        if let Err(error) = &outcome {
            span.in_scope(|| tracing::error!(%error, "invocation failed"));
        }
        outcome
    }

    async fn run(&self, event: Box<RawValue>) -> Result<Box<RawValue>, InvokeError> {
        check_size(&event)?;
        let handler = self.handler()?;
        let work = std::panic::AssertUnwindSafe(handler(event, self.context())).catch_unwind();
        match tokio::time::timeout(self.timeout, work).await {
            Err(_) => Err(InvokeError::TimedOut(self.timeout)),
            Ok(Err(panic)) => Err(InvokeError::Panicked(message_of(&*panic))),
            Ok(Ok(Err(error))) => Err(InvokeError::Failed(error)),
            Ok(Ok(Ok(answer))) => check_size(&answer).map(|()| answer),
        }
    }

    fn context(&self) -> Context {
        let now = self.platform.clock.now();
        let deadline = now.as_millisecond().saturating_add(i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX));
        let mut context = Context::default();
        context.request_id = self.platform.ids.uuid(now).to_string();
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

/// A starter from the one export of a function library.
pub(crate) fn starter(start: Start) -> Starter {
    Box::new(move |platform| {
        let function = start(platform)?;
        Ok(Arc::new(move |event, context| {
            let function = function.clone();
            Box::pin(async move { function.invoke(event, context).await })
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
            Box::pin(async move { Ok(serde_json::value::to_raw_value(&answer.await?)?) })
        });
        Arc::new(Function {
            name: "stub".to_owned(),
            arn: "arn:aws:lambda:eu-central-1:000000000000:function:stub".to_owned(),
            timeout,
            memory: 128,
            platform: crate::gateway::stamp::tests::platform(),
            start: Box::new(move |_| Ok(Arc::clone(&handler))),
            handler: OnceLock::new(),
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
}
