//! Easy Writer: accounts and sessions.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | POST | `/api/v1/auth/register` | nothing; limited per address |
//! | POST | `/api/v1/auth/login` | nothing; limited per address |
//! | POST | `/api/v1/auth/refresh` | refresh cookie; limited per address |
//! | POST | `/api/v1/auth/logout` | refresh cookie, if there is one |
//! | GET | `/api/v1/auth/me` | access token |

mod log_in;
mod log_out;
mod refresh;
mod register;
mod show_me;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use domain::easy_writer::{Accounts, PRODUCT};
use domain::identity::Identity;
use domain::kernel::Clock;
use domain::ledger::Ledger;
use domain::rate_limit::{Policy, RateLimiter};
use edge::{ConfigError, EasyWriter, Function, Platform};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the endpoints share.
#[derive(Clone)]
pub struct State {
    accounts: Accounts,
    identity: Identity,
    limiter: RateLimiter,
    limits: Limits,
    clock: Arc<dyn Clock>,
}

/// Requests that one address may make.
#[derive(Clone)]
struct Limits {
    register: Policy,
    log_in: Policy,
    refresh: Policy,
}

impl FromRef<State> for Identity {
    fn from_ref(state: &State) -> Self {
        state.identity.clone()
    }
}

/// The function.
pub fn function(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let state = State {
        accounts: Accounts::new(identity.clone(), Ledger::new(table.clone())),
        identity,
        limiter: RateLimiter::new(table),
        limits: Limits {
            register: platform.policy("register", "RATE_LIMIT_REGISTER")?,
            log_in: platform.policy("login", "RATE_LIMIT_LOGIN")?,
            refresh: platform.policy("refresh", "RATE_LIMIT_REFRESH")?,
        },
        clock: Arc::clone(&platform.clock),
    };
    Function::http::<EasyWriter>(platform, router(state))
}

fn router(state: State) -> Router {
    Router::from(api()).with_state(state)
}

/// The endpoints, with their documentation.
pub fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(log_in::log_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(log_out::log_out))
        .routes(routes!(show_me::show_me))
}
