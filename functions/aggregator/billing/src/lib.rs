//! AI Aggregator: balance and transactions.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/billing/balance` | company, or key with `billing`; limited per key |
//! | GET | `/api/v1/billing/transactions` | likewise |

mod list_transactions;
mod show_balance;

use std::sync::Arc;

use axum::extract::FromRef;
use domain::aggregator::{Authenticator, Billing, PRODUCT};
use domain::kernel::Clock;
use edge::{Aggregator, ConfigError, Function, Platform, Registration};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub const FUNCTION: Registration = Registration::http(PRODUCT, "billing", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    billing: Billing,
    authenticator: Authenticator,
    clock: Arc<dyn Clock>,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (_, authenticator) = platform.authenticator(&table)?;
    let throttle = platform.throttle("billing", "RATE_LIMIT_BILLING", &authenticator, &table)?;
    let state = State { billing: Billing::new(table), authenticator, clock: Arc::clone(&platform.clock) };
    Function::http::<Aggregator>(platform, throttle.guard(api()).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(show_balance::show_balance))
        .routes(routes!(list_transactions::list_transactions))
}
