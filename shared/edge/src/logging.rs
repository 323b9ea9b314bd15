//! JSON logs on standard output, which Lambda sends to CloudWatch.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::vars::Vars;

/// Starts logging. `RUST_LOG` sets levels per target. Default: our crates at `info`, everything else at `warn`.
///
/// `EnvFilter` also filters by spans and fields, with a regex engine: a tenth of a binary and of its cold start
/// (docs/performance.md).
pub fn init(vars: &Vars) {
    let filter = vars.parse_optional("RUST_LOG").ok().flatten().unwrap_or_else(usual);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(true);
    tracing_subscriber::registry().with(lines).with(filter).init();
}

fn usual() -> Targets {
    let ours = ["edge", "domain", "vendors"].map(|target| (target, LevelFilter::INFO));
    Targets::new().with_default(LevelFilter::WARN).with_targets(ours)
}
