//! Easy Writer: the signed-in user.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/user/profile` | access token |
//! | PUT | `/api/v1/user/profile` | access token |
//! | GET | `/api/v1/user/balance` | access token |
//! | GET | `/api/v1/user/transactions` | access token |
//! | PUT | `/api/v1/user/password` | access token; limited per user |

mod change_password;
mod change_profile;
mod list_transactions;
mod show_balance;
mod show_profile;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use domain::easy_writer::{Accounts, PRODUCT};
use domain::generation::JobCounts;
use domain::identity::Identity;
use domain::kernel::Clock;
use domain::ledger::Ledger;
use domain::mail::SharedMailer;
use domain::rate_limit::{Policy, RateLimiter};
use edge::{ConfigError, EasyWriter, Function, Platform, Registration, Throttle, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::mail::{MailSettings, mailer};

/// The function.
pub const FUNCTION: Registration = Registration::http(PRODUCT, "user", start, || api().into_openapi());

/// What the endpoints share.
#[derive(Clone)]
struct State {
    accounts: Accounts,
    identity: Identity,
    jobs: JobCounts,
    limiter: RateLimiter,
    password_limit: Policy,
    clock: Arc<dyn Clock>,
    mailer: Option<SharedMailer>,
}

impl FromRef<State> for Identity {
    fn from_ref(state: &State) -> Self {
        state.identity.clone()
    }
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let throttle = platform.throttle("user", &identity, &table)?;
    let mail = MailSettings::read(|name| platform.vars.get(name));
    let mail = mail.map_err(|error| malformed(error.name, &error.reason))?;
    let state = State {
        accounts: Accounts::new(identity.clone(), Ledger::new(table.clone())),
        identity,
        jobs: JobCounts::new(table.clone()),
        limiter: RateLimiter::new(table),
        password_limit: platform.policy("password", "RATE_LIMIT_LOGIN")?,
        clock: Arc::clone(&platform.clock),
        mailer: mailer(mail, &platform.clock),
    };
    Function::http::<EasyWriter>(platform, router(state, throttle))
}

fn router(state: State, throttle: Throttle) -> Router {
    throttle.guard(Router::from(plain())).merge(Router::from(limited())).with_state(state)
}

fn api() -> OpenApiRouter<State> {
    plain().merge(limited())
}

fn plain() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(show_profile::show_profile, change_profile::change_profile))
        .routes(routes!(show_balance::show_balance))
        .routes(routes!(list_transactions::list_transactions))
}

/// Endpoints with limits of their own.
fn limited() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(change_password::change_password))
}
