//! JSON logs on standard output, which Lambda sends to CloudWatch.

use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` sets the level; without it, our own crates log at `info` and everything else at `warn`.
pub(crate) fn init() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,edge=info,domain=info,vendors=info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_target(true)
        .init();
}
