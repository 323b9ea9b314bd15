//! Easy Writer: accounts and sessions.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | POST | `/api/v1/auth/register` | nothing; limited per address |
//! | POST | `/api/v1/auth/login` | nothing; failures limited per address |
//! | POST | `/api/v1/auth/refresh` | refresh cookie; limited per address |
//! | POST | `/api/v1/auth/logout` | refresh cookie, if there is one |
//! | GET | `/api/v1/auth/me` | access token |
//! | GET | `/api/v1/auth/google` | nothing; limited per address; for browsers |
//! | GET | `/api/v1/auth/google/callback` | the browser that sent the authorization request; limited per address; for browsers |
//! | GET | `/api/v1/auth/yandex` | nothing; limited per address; for browsers |
//! | GET | `/api/v1/auth/yandex/callback` | the browser that sent the authorization request; limited per address; for browsers |

mod finish_google;
mod finish_yandex;
mod log_in;
mod log_out;
mod refresh;
mod register;
mod return_url;
mod show_me;
mod start_google;
mod start_yandex;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use domain::easy_writer::{Accounts, PRODUCT};
use domain::identity::{Identity, IdentityProvider, LogInThrottle, OAuth, SharedOAuthProvider};
use domain::kernel::Clock;
use domain::ledger::Ledger;
use edge::{ConfigError, EasyWriter, Function, Platform, RateLimit, Registration, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::oauth::{OAuthSettings, oauth_providers};

pub const FUNCTION: Registration = Registration::http(PRODUCT, "auth", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    accounts: Accounts,
    identity: Identity,
    oauth: OAuth,
    /// The front end's page that browsers return to.
    return_url: Arc<str>,
    log_ins: LogInThrottle,
    limits: Limits,
    clock: Arc<dyn Clock>,
}

/// Requests per address.
#[derive(Clone)]
struct Limits {
    register: RateLimit,
    refresh: RateLimit,
    /// Authorization requests and callbacks.
    oauth: RateLimit,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let state = State {
        oauth: oauth(platform, &identity)?,
        return_url: platform.url("AUTH_RETURN_URL")?.into(),
        accounts: Accounts::new(identity.clone(), Ledger::new(table.clone())),
        identity,
        log_ins: LogInThrottle::new(
            table.clone(),
            platform.vars.parse("RATE_LIMIT_LOGIN")?,
            platform.vars.parse("RATE_LIMIT_LOGIN_NETWORK")?,
        ),
        limits: Limits {
            register: platform.rate_limit("register", "RATE_LIMIT_REGISTER", &table)?,
            refresh: platform.rate_limit("refresh", "RATE_LIMIT_REFRESH", &table)?,
            oauth: platform.rate_limit("oauth", "RATE_LIMIT_OAUTH", &table)?,
        },
        clock: Arc::clone(&platform.clock),
    };
    Function::http::<EasyWriter>(platform, Router::from(api()).with_state(state))
}

/// The configured identity providers, each with its callback URL below `PUBLIC_URL`.
fn oauth(platform: &Platform, identity: &Identity) -> Result<OAuth, ConfigError> {
    let settings = OAuthSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let public_url = platform.url("PUBLIC_URL")?;
    let with_callback = |provider: SharedOAuthProvider| {
        let path = match provider.origin() {
            IdentityProvider::Google => "/api/v1/auth/google/callback",
            IdentityProvider::Yandex => "/api/v1/auth/yandex/callback",
            IdentityProvider::Local => return None,
        };
        Some((provider, format!("{public_url}{path}")))
    };
    let providers = oauth_providers(settings, &platform.clock).into_iter().filter_map(with_callback).collect();
    Ok(OAuth::new(identity.clone(), providers))
}

fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(log_in::log_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(log_out::log_out))
        .routes(routes!(show_me::show_me))
        .routes(routes!(start_google::start_google))
        .routes(routes!(finish_google::finish_google))
        .routes(routes!(start_yandex::start_yandex))
        .routes(routes!(finish_yandex::finish_yandex))
}
