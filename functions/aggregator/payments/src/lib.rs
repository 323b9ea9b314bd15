//! AI Aggregator: payments into a company's account.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | POST | `/api/v1/billing/deposit` | company, or key with `billing`; limited per key |
//! | POST | `/api/v1/payments` | likewise |
//! | GET | `/api/v1/payments` | likewise |
//! | GET | `/api/v1/payments/{payment_id}` | likewise |
//! | POST | `/api/v1/payments/webhook/yookassa` | verified provider; limited per address |
//!
//! `deposit` is in this group, not in `billing`, so that only one function has the provider's secret key.

mod create_payment;
mod deposit;
mod list_payments;
mod receive_notice;
mod show_payment;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use domain::aggregator::{Authenticator, Deposits, PRODUCT, describe_payment};
use domain::kernel::Clock;
use domain::payments::{PaymentEventPublisher, Payments};
use edge::{Aggregator, ConfigError, Function, Platform, RateLimit, Registration, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::payments::{PaymentProvidersSettings, payment_providers};

pub const FUNCTION: Registration = Registration::http(PRODUCT, "payments", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    deposits: Deposits,
    authenticator: Authenticator,
    notice_limit: RateLimit,
    clock: Arc<dyn Clock>,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (identity, authenticator) = platform.authenticator(&table)?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    // The contract has one limit for all of billing.
    let throttle = platform.throttle("billing", "RATE_LIMIT_BILLING", &authenticator, &table)?;
    let settings = PaymentProvidersSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let notice_limit = platform.rate_limit("notice", "RATE_LIMIT_NOTICE", &table)?;
    let event_publisher =
        PaymentEventPublisher { deliveries: platform.deliveries(&table)?, describe: describe_payment };
    let payments = Payments::new(table, payment_providers(settings, &clock), Arc::clone(&clock), ids);
    let deposits = Deposits {
        identity,
        payments: payments.with_event_publisher(event_publisher),
        rate: platform.vars.parse("ROUBLES_PER_DOLLAR")?,
        return_url: platform.vars.require("PAYMENT_RETURN_URL")?.to_owned(),
        lifetime: Duration::from_mins(platform.vars.parse("PAYMENT_LIFETIME_MINUTES")?),
    };
    let state = State { deposits, authenticator, notice_limit, clock };
    Function::http::<Aggregator>(platform, throttle.guard(company()).merge(provider()).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    company().merge(provider())
}

fn company() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(deposit::deposit))
        .routes(routes!(create_payment::create_payment, list_payments::list_payments))
        .routes(routes!(show_payment::show_payment))
}

fn provider() -> OpenApiRouter<State> {
    OpenApiRouter::new().routes(routes!(receive_notice::receive_notice))
}
