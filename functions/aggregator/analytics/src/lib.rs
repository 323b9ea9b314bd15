//! AI Aggregator: usage reports.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/analytics/usage` | company, or key; a key without `analytics` sees its own usage; limited per key |

mod show_usage;

use std::sync::Arc;

use axum::extract::FromRef;
use domain::aggregator::{Authenticator, PRODUCT, UsageLog};
use domain::kernel::Clock;
use edge::{Aggregator, ConfigError, Function, Platform, Registration};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub const FUNCTION: Registration = Registration::http(PRODUCT, "analytics", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    usage: UsageLog,
    authenticator: Authenticator,
    clock: Arc<dyn Clock>,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (_, authenticator) = platform.authenticator(&table)?;
    let throttle = platform.throttle("analytics", "RATE_LIMIT_GROUP", &authenticator, &table)?;
    let state =
        State { usage: UsageLog::new(table, authenticator.clone()), authenticator, clock: Arc::clone(&platform.clock) };
    Function::http::<Aggregator>(platform, throttle.guard(api()).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(show_usage::show_usage))
}
