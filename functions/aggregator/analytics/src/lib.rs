//! AI Aggregator: what was used.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/analytics/usage` | company, or key; a key without `analytics` sees its own usage; limited per key |

mod show_usage;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use domain::aggregator::{Authenticator, PRODUCT, UsageLog};
use domain::kernel::Clock;
use edge::{Aggregator, ConfigError, Function, Platform, Registration};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The function.
pub const FUNCTION: Registration = Registration::http(PRODUCT, "analytics", start, || api().into_openapi());

/// What the endpoints share.
#[derive(Clone)]
struct State {
    usage: UsageLog,
    authenticator: Authenticator,
    clock: Arc<dyn Clock>,
}

impl FromRef<State> for Authenticator {
    fn from_ref(state: &State) -> Self {
        state.authenticator.clone()
    }
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (_, authenticator) = platform.authenticator(&table)?;
    let counted = platform.counted("analytics", "RATE_LIMIT_GROUP", &authenticator, &table)?;
    let state =
        State { usage: UsageLog::new(table, authenticator.clone()), authenticator, clock: Arc::clone(&platform.clock) };
    Function::http::<Aggregator>(platform, counted.guard(Router::from(api())).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(show_usage::show_usage))
}
