//! Easy Writer: payments for raits.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | GET | `/api/v1/payments/methods` | access token |
//! | POST | `/api/v1/payments/create` | access token; limited per user |
//! | GET | `/api/v1/payments/{payment_id}/status` | access token |
//! | POST | `/api/v1/payments/webhook/{provider}` | signature of the provider; limited per address |
//! | GET | `/api/v1/payments/webhook/{provider}` | likewise |
//! | POST | `/api/v1/payments/webhook/{provider}/{kind}` | likewise |
//! | GET | `/api/v1/payments/webhook/{provider}/{kind}` | likewise |

mod create_payment;
mod list_methods;
mod receive_notice;
mod show_status;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use domain::easy_writer::{Deposits, PRODUCT};
use domain::identity::Identity;
use domain::payments::Payments;
use edge::{ConfigError, EasyWriter, Function, Platform, RateLimit, Registration, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::payments::{PaymentProvidersSettings, payment_providers};

pub const FUNCTION: Registration = Registration::http(PRODUCT, "payments", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    deposits: Deposits,
    payments: Payments,
    identity: Identity,
    limits: Limits,
}

/// Requests that one caller may make.
#[derive(Clone)]
struct Limits {
    /// Payments of a user.
    create: RateLimit,
    /// Notifications from an address.
    notice: RateLimit,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let identity = platform.identity(PRODUCT, &table)?;
    let throttle = platform.throttle("payments", "RATE_LIMIT_GROUP", &identity, &table)?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let settings = PaymentProvidersSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let limits = Limits {
        create: platform.rate_limit("payment", "RATE_LIMIT_PAYMENT", &table)?,
        notice: platform.rate_limit("notice", "RATE_LIMIT_NOTICE", &table)?,
    };
    let payments = Payments::new(table, payment_providers(settings, &clock), clock, ids);
    let deposits = Deposits {
        identity: identity.clone(),
        payments: payments.clone(),
        return_url: platform.vars.require("PAYMENT_RETURN_URL")?.to_owned(),
        lifetime: Duration::from_mins(platform.vars.parse("PAYMENT_LIFETIME_MINUTES")?),
    };
    let state = State { deposits, payments, identity, limits };
    Function::http::<EasyWriter>(platform, throttle.guard(plain()).merge(limited()).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    plain().merge(limited())
}

fn plain() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(list_methods::list_methods)).routes(routes!(show_status::show_status))
}

/// Endpoints with limits of their own.
fn limited() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(create_payment::create_payment))
        .routes(routes!(receive_notice::receive_notice, receive_notice::receive_notice_by_get))
        .routes(routes!(receive_notice::receive_notice_of_kind, receive_notice::receive_notice_of_kind_by_get))
}
