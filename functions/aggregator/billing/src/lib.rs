//! AI Aggregator: what a company has, and where it went.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/billing/balance` | company, or key with `billing`; limited per key |
//! | GET | `/api/v1/billing/transactions` | likewise |

mod list_transactions;
mod show_balance;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use domain::aggregator::{Authenticator, Billing, PRODUCT};
use domain::kernel::Clock;
use edge::{Aggregator, ConfigError, Function, Platform, Registration};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The function.
pub const FUNCTION: Registration = Registration::http(PRODUCT, "billing", start, || api().into_openapi());

/// What the endpoints share.
#[derive(Clone)]
struct State {
    billing: Billing,
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
    let counted = platform.counted("billing", "RATE_LIMIT_BILLING", &authenticator, &table)?;
    let state = State { billing: Billing::new(table), authenticator, clock: Arc::clone(&platform.clock) };
    Function::http::<Aggregator>(platform, counted.guard(Router::from(api())).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(show_balance::show_balance))
        .routes(routes!(list_transactions::list_transactions))
}
