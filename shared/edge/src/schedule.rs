//! Scheduled functions.

use std::future::Future;
use std::sync::Arc;

use domain::kernel::Result;
use domain::kernel::telemetry::{self, Metric};

use crate::function::Function;

impl Function {
    /// A function that a schedule invokes. The event is ignored; an error fails the invocation, which counts and
    /// retries it.
    pub fn schedule<F>(work: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let work = Arc::new(work);
        Self::new(move |_, _| {
            let work = Arc::clone(&work);
            async move {
                let (result, usage) = store::measured(work()).await;
                telemetry::note(Metric::REQUESTS, 1);
                result?;
                tracing::info!(table_calls = usage.table_calls, read_units = usage.read_units, "schedule done");
                Ok(serde_json::value::to_raw_value(&())?)
            }
        })
    }
}
