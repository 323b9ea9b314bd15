//! AI Aggregator: companies, sessions and API keys.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | POST | `/api/v1/auth/register` | nothing; limited per address |
//! | POST | `/api/v1/auth/login` | nothing; limited per address |
//! | POST | `/api/v1/auth/refresh` | refresh token; limited per address |
//! | GET | `/api/v1/auth/verify-email` | the link in the confirmation email; limited per address; for browsers |
//! | POST | `/api/v1/auth/verify-email/resend` | access token; limited per address |
//! | POST | `/api/v1/auth/api-keys` | access token; limited per company |
//! | GET | `/api/v1/auth/api-keys` | access token; limited per company |
//! | DELETE | `/api/v1/auth/api-keys/{id}` | access token; limited per company |

mod create_api_key;
mod list_api_keys;
mod log_in;
mod refresh;
mod register;
mod resend_confirmation;
mod revoke_api_key;
mod verify_email;
mod wire;

use std::sync::Arc;

use axum::extract::FromRef;
use domain::aggregator::{Authenticator, Companies, PRODUCT, Verification, parse_dollars};
use domain::identity::Identity;
use edge::{Aggregator, ConfigError, Function, Platform, RateLimit, Registration, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::mail::{MailSettings, mailer};

pub const FUNCTION: Registration = Registration::http(PRODUCT, "auth", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    companies: Companies,
    identity: Identity,
    authenticator: Authenticator,
    limit: RateLimit,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (identity, authenticator) = platform.authenticator(&table)?;
    let mail = MailSettings::read(|name| platform.vars.get(name));
    let mail = mail.map_err(|error| malformed(error.name, &error.reason))?;
    let gift =
        parse_dollars(platform.vars.require("WELCOME_USD")?).map_err(|error| malformed("WELCOME_USD", &error))?;
    let verification = Verification {
        mailer: mailer(mail, &platform.clock),
        link: format!("{}/api/v1/auth/verify-email?token={{token}}", platform.url("PUBLIC_URL")?).into(),
        gift,
    };
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let keys = platform.throttle("api-keys", "RATE_LIMIT_KEYS", &authenticator, &table)?;
    let state = State {
        limit: platform.rate_limit("auth", "RATE_LIMIT_AUTH", &table)?,
        companies: Companies::new(identity.clone(), table, clock, ids, verification),
        identity,
        authenticator,
    };
    Function::http::<Aggregator>(platform, keys.guard(api_keys()).merge(accounts()).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    accounts().merge(api_keys())
}

fn accounts() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(log_in::log_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(verify_email::verify_email))
        .routes(routes!(resend_confirmation::resend_confirmation))
}

fn api_keys() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(create_api_key::create_api_key, list_api_keys::list_api_keys))
        .routes(routes!(revoke_api_key::revoke_api_key))
}
