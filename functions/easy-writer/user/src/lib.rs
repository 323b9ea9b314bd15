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

use axum::extract::FromRef;
use domain::easy_writer::{Accounts, PRODUCT};
use domain::generation::JobCounts;
use domain::identity::Identity;
use domain::kernel::Clock;
use domain::ledger::Ledger;
use domain::mail::SharedMailer;
use edge::{ConfigError, EasyWriter, Function, Platform, RateLimit, Registration, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::mail::{MailSettings, mailer};

pub const FUNCTION: Registration = Registration::http(PRODUCT, "user", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    accounts: Accounts,
    identity: Identity,
    jobs: JobCounts,
    password_limit: RateLimit,
    clock: Arc<dyn Clock>,
    mailer: Option<SharedMailer>,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let throttle = platform.throttle("user", "RATE_LIMIT_GROUP", &identity, &table)?;
    let mail = MailSettings::read(|name| platform.vars.get(name));
    let mail = mail.map_err(|error| malformed(error.name, &error.reason))?;
    let state = State {
        accounts: Accounts::new(identity.clone(), Ledger::new(table.clone())),
        identity,
        password_limit: platform.rate_limit("password", "RATE_LIMIT_LOGIN", &table)?,
        jobs: JobCounts::new(table),
        clock: Arc::clone(&platform.clock),
        mailer: mailer(mail, &platform.clock),
    };
    Function::http::<EasyWriter>(platform, throttle.guard(plain()).merge(limited()).with_state(state))
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
