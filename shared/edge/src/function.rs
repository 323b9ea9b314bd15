//! One function: event JSON in, answer JSON out, whatever the trigger.
//!
//! Lambda and the local stack call the very same [`Function::invoke`], so a function behaves alike in both.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use domain::kernel::telemetry;
use lambda_runtime::{Context, Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

use crate::metrics::{Invocation, Metrics};
use crate::platform::Platform;
use crate::vars::{ConfigError, Vars};

/// The answer of one invocation.
pub type Answer = Result<Box<RawValue>, Error>;

type Invoke = dyn Fn(Box<RawValue>, Context) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync;

/// A function that is ready to be invoked.
#[derive(Clone)]
pub struct Function {
    invoke: Arc<Invoke>,
}

impl Function {
    /// A function from its invocation.
    pub(crate) fn new<F>(invoke: impl Fn(Box<RawValue>, Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        Self { invoke: Arc::new(move |event, context| Box::pin(invoke(event, context))) }
    }

    /// Handles one event. An error means that the invocation failed as a whole, as when a Lambda function ends in an error.
    pub async fn invoke(&self, event: Box<RawValue>, context: Context) -> Answer {
        (self.invoke)(event, context).await
    }
}

/// How a function library builds its function. Each library under `functions/` exports one of these, called `function`.
pub type Start = fn(&Platform) -> Result<Function, ConfigError>;

/// Runs a function on Lambda until the environment is shut down. The whole `main` of every function binary. Operators know it as `function` of
/// `product`. Reads `METRICS_NAMESPACE`: the CloudWatch namespace of its metrics, which it has none of without.
pub async fn run(product: &'static str, function: &'static str, start: Start) -> Result<(), Error> {
    let begun = Instant::now();
    crate::logging::init(&Vars::from_env());
    let platform = Platform::from_env()?;
    let namespace = platform.vars.get("METRICS_NAMESPACE").map(str::to_owned);
    let metrics = Arc::new(Metrics { namespace, product, function });
    let function = start(&platform).inspect_err(|error| tracing::error!(%error, "function cannot start"))?;
    let started = begun.elapsed();
    let cold = Arc::new(AtomicBool::new(true));
    let handler = service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let (function, metrics, cold) = (function.clone(), Arc::clone(&metrics), Arc::clone(&cold));
        let clock = Arc::clone(&platform.clock);
        async move {
            let begun = Instant::now();
            let (answer, notes) = telemetry::collected(function.invoke(event.payload, event.context)).await;
            let start = cold.swap(false, Ordering::Relaxed).then_some(started);
            let invocation = Invocation { took: begun.elapsed(), start, failed: answer.is_err(), notes };
            metrics.print(&invocation, clock.now());
            answer
        }
    });
    lambda_runtime::run(handler).await
}
