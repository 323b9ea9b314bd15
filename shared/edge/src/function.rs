//! One function: an event in, an answer out, whatever the trigger.
//!
//! Lambda and the local stack both call [`Function::answer`].

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Polling, Poll};
use std::time::Instant;

use bytes::Bytes;
use domain::kernel::Clock;
use domain::kernel::telemetry::{self, Notes};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, Stream};
use lambda_runtime::{
    Context, Error, FunctionResponse, LambdaEvent, MetadataPrelude, StreamResponse as LambdaStream, service_fn,
};
use serde_json::value::RawValue;

use crate::metrics::{Invocation, Metrics};
use crate::platform::Platform;
use crate::registration::Registration;
use crate::vars::Vars;

/// The answer of one invocation.
pub enum Answer {
    /// A JSON document.
    Whole(Box<RawValue>),
    /// An HTTP response with a streamed body.
    Stream(Streamed),
}

/// An HTTP response with a streamed body.
pub struct Streamed {
    /// Status, headers and cookies.
    pub head: MetadataPrelude,
    /// The body. Dropping it cancels the handler's work.
    pub body: Pieces,
}

/// A body in chunks. Errors are part of the body, so the stream itself cannot fail.
pub type Pieces = BoxStream<'static, Bytes>;

type Handle = dyn Fn(Box<RawValue>, Context) -> BoxFuture<'static, Result<Answer, Error>> + Send + Sync;

/// A function that is ready to be invoked.
#[derive(Clone)]
pub struct Function {
    handle: Arc<Handle>,
}

impl Function {
    /// A function that answers with JSON.
    pub(crate) fn new<F>(invoke: impl Fn(Box<RawValue>, Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Box<RawValue>, Error>> + Send + 'static,
    {
        Self { handle: Arc::new(move |event, context| invoke(event, context).map(|it| it.map(Answer::Whole)).boxed()) }
    }

    /// A function that streams its responses.
    pub(crate) fn streamed<F>(invoke: impl Fn(Box<RawValue>, Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Streamed, Error>> + Send + 'static,
    {
        Self { handle: Arc::new(move |event, context| invoke(event, context).map(|it| it.map(Answer::Stream)).boxed()) }
    }

    /// Handles one event. An error fails the whole invocation, as Lambda's `FunctionError` does.
    pub async fn answer(&self, event: Box<RawValue>, context: Context) -> Result<Answer, Error> {
        (self.handle)(event, context).await
    }

    /// Handles one event of a trigger that does not take streams.
    pub async fn invoke(&self, event: Box<RawValue>, context: Context) -> Result<Box<RawValue>, Error> {
        match self.answer(event, context).await? {
            Answer::Whole(json) => Ok(json),
            Answer::Stream(_) => Err("the function streams its answers, which this trigger does not take".into()),
        }
    }
}

/// Runs a function on Lambda until the environment is shut down: the `main` of every function. Reads
/// `METRICS_NAMESPACE`, the CloudWatch namespace of its metrics. Default: no metrics.
pub fn run(registration: Registration) -> Result<(), Error> {
    let begun = Instant::now();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(registration, begun))
}

async fn serve(registration: Registration, begun: Instant) -> Result<(), Error> {
    crate::logging::init(&Vars::from_env());
    let platform = Platform::from_env()?;
    let namespace = platform.vars.get("METRICS_NAMESPACE").map(str::to_owned);
    let product = match registration.product {
        Some(product) => Cow::Borrowed(product),
        None => Cow::Owned(platform.product()?.to_owned()),
    };
    let metrics = Arc::new(Metrics { namespace, product, function: registration.name });
    let function =
        (registration.start)(&platform).inspect_err(|error| tracing::error!(%error, "function cannot start"))?;
    let started = begun.elapsed();
    let cold = Arc::new(AtomicBool::new(true));
    let handler = service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let (function, cold) = (function.clone(), Arc::clone(&cold));
        let (metrics, clock) = (Arc::clone(&metrics), Arc::clone(&platform.clock));
        async move {
            let begun = Instant::now();
            let (answer, notes) = telemetry::collected(function.answer(event.payload, event.context)).await;
            let start = cold.swap(false, Ordering::Relaxed).then_some(started);
            let failed = answer.is_err();
            let invocation = Invocation { took: begun.elapsed(), streamed: None, start, failed, notes };
            let account = Account { invocation, begun, metrics, clock };
            Ok::<_, Error>(match answer {
                Ok(Answer::Stream(Streamed { head, body })) => FunctionResponse::StreamingResponse(LambdaStream {
                    metadata_prelude: head,
                    stream: MeteredBody { body: Some(body), account },
                }),
                Ok(Answer::Whole(json)) => {
                    account.print();
                    FunctionResponse::BufferedResponse(json)
                }
                Err(error) => {
                    account.print();
                    return Err(error);
                }
            })
        }
    });
    lambda_runtime::run(handler).await
}

/// The metrics of an invocation, and where they go.
struct Account {
    invocation: Invocation,
    begun: Instant,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl Account {
    fn print(&self) {
        self.metrics.print(&self.invocation, self.clock.now());
    }
}

/// A streamed body, whose notes belong to its invocation: metrics are printed when it ends or is dropped.
struct MeteredBody {
    body: Option<Pieces>,
    account: Account,
}

impl MeteredBody {
    fn close(&mut self) {
        let Some(body) = self.body.take() else { return };
        collect(&mut self.account.invocation.notes, || drop(body));
        self.account.invocation.streamed = Some(self.account.begun.elapsed());
        self.account.print();
    }
}

impl Stream for MeteredBody {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, polling: &mut Polling<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        let mut polled = Poll::Pending;
        collect(&mut this.account.invocation.notes, || polled = body.as_mut().poll_next(polling));
        if matches!(polled, Poll::Ready(None)) {
            this.close();
        }
        polled.map(|piece| piece.map(Ok))
    }
}

impl Drop for MeteredBody {
    fn drop(&mut self) {
        self.close();
    }
}

/// Runs `work` and adds what was noted in it.
fn collect(notes: &mut Notes, work: impl FnOnce()) {
    // Nothing in it waits, so one poll completes it.
    let Some(((), more)) = telemetry::collected(async { work() }).now_or_never() else { return };
    for (metric, many) in more.counts {
        *notes.counts.entry(metric).or_default() += many;
    }
    for (code, many) in more.refusals {
        *notes.refusals.entry(code).or_default() += many;
    }
    for (vendor, calls) in more.vendors {
        let all = notes.vendors.entry(vendor).or_default();
        all.millis.extend(calls.millis);
        all.failures += calls.failures;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use domain::kernel::SystemClock;
    use domain::kernel::telemetry::{Metric, VendorCalls};
    use futures_util::{StreamExt as _, stream};
    use serde_json::value::to_raw_value;

    use super::*;

    fn accounted(body: Pieces, notes: Notes) -> MeteredBody {
        let invocation = Invocation { took: Duration::ZERO, streamed: None, start: None, failed: false, notes };
        let metrics = Arc::new(Metrics { namespace: None, product: "easy-writer".into(), function: "tools" });
        MeteredBody {
            body: Some(body),
            account: Account { invocation, begun: Instant::now(), metrics, clock: Arc::new(SystemClock) },
        }
    }

    #[tokio::test]
    async fn what_a_body_notes_belongs_to_its_invocation() {
        let ((), notes) = telemetry::collected(async {
            telemetry::note(Metric::REQUESTS, 1);
            telemetry::note_vendor("openai", Duration::from_millis(5), false);
        })
        .await;
        let pieces = stream::iter(["a", "b"]).map(|piece| {
            telemetry::note(Metric::CHARGED, 2);
            telemetry::note_refusal("NOT_FOUND");
            telemetry::note_vendor("openai", Duration::from_millis(7), true);
            Bytes::from(piece)
        });
        let mut body = accounted(pieces.boxed(), notes);
        assert_eq!(body.next().await, Some(Ok(Bytes::from("a"))));
        assert_eq!(body.account.invocation.streamed, None);
        assert_eq!(body.next().await, Some(Ok(Bytes::from("b"))));
        assert_eq!(body.next().await, None);
        assert_eq!(body.next().await, None, "it stays at its end");
        let Invocation { streamed, notes, .. } = &body.account.invocation;
        assert!(streamed.is_some());
        assert_eq!((notes.counts[&Metric::REQUESTS], notes.counts[&Metric::CHARGED]), (1, 4));
        assert_eq!(notes.refusals["NOT_FOUND"], 2);
        assert_eq!(notes.vendors["openai"], VendorCalls { millis: vec![5, 7, 7], failures: 2 });
    }

    /// Notes when it is dropped.
    struct Leaver(Arc<Mutex<Vec<&'static str>>>);

    impl Drop for Leaver {
        fn drop(&mut self) {
            telemetry::note(Metric::CHARGED, 3);
            self.0.lock().unwrap().push("dropped");
        }
    }

    #[tokio::test]
    async fn a_body_that_nobody_wants_is_dropped_and_accounted_for() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let leaver = Leaver(Arc::clone(&seen));
        let pieces = stream::unfold(leaver, |leaver| async { Some((Bytes::from("a"), leaver)) });
        let mut body = accounted(pieces.boxed(), Notes::default());
        body.next().await;
        body.close();
        assert_eq!(*seen.lock().unwrap(), ["dropped"]);
        assert_eq!(body.account.invocation.notes.counts[&Metric::CHARGED], 3);
        assert_eq!(body.next().await, None);
    }

    #[tokio::test]
    async fn a_stream_is_no_answer_for_a_trigger_that_takes_json() {
        let function = Function::streamed(|_, _| async {
            Ok(Streamed { head: MetadataPrelude::default(), body: stream::empty().boxed() })
        });
        let event = || to_raw_value(&()).unwrap();
        assert!(matches!(function.answer(event(), Context::default()).await, Ok(Answer::Stream(_))));
        assert!(function.invoke(event(), Context::default()).await.is_err());
    }
}
