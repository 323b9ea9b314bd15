//! AI Aggregator: outbound webhooks.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | POST | `/api/v1/webhooks` | access token; limited per company |
//! | GET | `/api/v1/webhooks` | likewise |
//! | GET | `/api/v1/webhooks/{id}` | likewise |
//! | PATCH | `/api/v1/webhooks/{id}` | likewise |
//! | DELETE | `/api/v1/webhooks/{id}` | likewise |
//! | POST | `/api/v1/webhooks/{id}/test` | likewise |
//! | GET | `/api/v1/webhooks/{id}/deliveries` | likewise |
//! | POST | `/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay` | likewise |
//!
//! API keys cannot manage webhooks: a leaked key must not redirect a company's data.

mod change_webhook;
mod create_webhook;
mod delete_webhook;
mod list_deliveries;
mod list_webhooks;
mod replay_delivery;
mod show_webhook;
mod test_webhook;
mod wire;

use std::sync::Arc;

use axum::extract::FromRef;
use domain::aggregator::{Authenticator, PRODUCT, endpoints};
use domain::webhooks::{Deliveries, DeliveryWorker, Endpoints};
use edge::{Aggregator, ConfigError, Function, Platform, Registration, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::webhook::{WebhookSettings, webhook_sender};

pub const FUNCTION: Registration = Registration::http(PRODUCT, "webhooks", start, || api().into_openapi());

#[derive(Clone, FromRef)]
struct State {
    endpoints: Endpoints,
    deliveries: Deliveries,
    delivery_worker: DeliveryWorker,
    authenticator: Authenticator,
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (_, authenticator) = platform.authenticator(&table)?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let settings = WebhookSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let deliveries = platform.deliveries(&table)?;
    let throttle = platform.throttle("webhooks", "RATE_LIMIT_GROUP", &authenticator, &table)?;
    let state = State {
        endpoints: endpoints(table, settings.egress, Arc::clone(&clock), ids),
        delivery_worker: DeliveryWorker::new(deliveries.clone(), webhook_sender(settings, clock)),
        deliveries,
        authenticator,
    };
    Function::http::<Aggregator>(platform, throttle.guard(api()).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(create_webhook::create_webhook, list_webhooks::list_webhooks))
        .routes(routes!(show_webhook::show_webhook, change_webhook::change_webhook, delete_webhook::delete_webhook))
        .routes(routes!(test_webhook::test_webhook))
        .routes(routes!(list_deliveries::list_deliveries))
        .routes(routes!(replay_delivery::replay_delivery))
}
