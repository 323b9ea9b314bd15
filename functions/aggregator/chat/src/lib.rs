//! AI Aggregator: chat completions, embeddings and models. Behind a REST API, because responses are streamed.
//!
//! | method | path | needs |
//! | --- | --- | --- |
//! | POST | `/api/v1/chat/completions`, `/v1/chat/completions` | company, or key with `chat`; limited per key |
//! | POST | `/api/v1/embeddings`, `/v1/embeddings` | likewise |
//! | GET | `/api/v1/models`, `/v1/models` | likewise |
//! | GET | `/api/v1/models/{id}`, `/v1/models/{id}` | likewise |

mod complete_chat;
mod embed;
mod frames;
mod list_models;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use domain::aggregator::{Authenticator, CallBilling, Catalogue, Chat, LedgerBilling, PRODUCT};
use domain::gateway::{ModelRouter, RetryPolicy};
use domain::ledger::Ledger;
use edge::{Aggregator, ConfigError, Function, Platform, Registration, malformed};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vendors::chat::{ChatVendorsSettings, chat_vendors};

pub const FUNCTION: Registration = Registration::http(PRODUCT, "chat", start, || api().into_openapi());

/// Cloned by each layer of the router for each request, so cheap to clone.
#[derive(Clone)]
struct State {
    chat: Arc<Chat>,
    authenticator: Arc<Authenticator>,
}

impl FromRef<State> for Authenticator {
    fn from_ref(state: &State) -> Self {
        Authenticator::clone(&state.authenticator)
    }
}

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (_, authenticator) = platform.authenticator(&table)?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let throttle = platform.throttle("chat", "RATE_LIMIT_CHAT", &authenticator, &table)?;
    let queue = platform.queue("USAGE_QUEUE_URL")?;
    let billing = LedgerBilling { ledger: Ledger::new(table.clone()), table, queue, clock, ids };
    Function::streaming::<Aggregator>(platform, throttle.guard(router(platform, authenticator, Arc::new(billing))?))
}

/// The endpoints: `authenticator` authenticates, `billing` bills.
pub fn router(
    platform: &Platform,
    authenticator: Authenticator,
    billing: Arc<dyn CallBilling>,
) -> Result<Router, ConfigError> {
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let settings = ChatVendorsSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let router = ModelRouter::new(chat_vendors(settings, &clock, &ids), RetryPolicy::default(), Arc::clone(&clock));
    let catalogue = Catalogue::load(platform.vars.get("MODELS")).map_err(|error| malformed("MODELS", &error))?;
    let chat = Chat::new(Arc::new(catalogue), router, billing, clock, ids);
    let state = State { chat: Arc::new(chat), authenticator: Arc::new(authenticator) };
    // Where OpenAI's clients expect them.
    let alias = Router::new()
        .route("/v1/chat/completions", post(complete_chat::complete_chat))
        .route("/v1/embeddings", post(embed::embed))
        .route("/v1/models", get(list_models::list_models))
        .route("/v1/models/{id}", get(list_models::show_model));
    Ok(Router::from(api()).merge(alias).with_state(state))
}

fn api() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(complete_chat::complete_chat))
        .routes(routes!(embed::embed))
        .routes(routes!(list_models::list_models))
        .routes(routes!(list_models::show_model))
}
