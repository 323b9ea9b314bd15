//! The start page, the API references, and the app of Easy Writer.
//!
//! Plain pages, style sheets and JavaScript modules, compiled in without a build step. Scripts and styles are files of their own, because the
//! content security policy admits nothing inline. The start page polls `/state.json`. The API references are
//! [Scalar](https://github.com/scalar/scalar), whose script comes with its crate.

mod assets;
mod page;
mod security;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_SECURITY_POLICY;
use serde_json::Value;

use crate::function::Function;
use crate::gateway::socket_api::SocketApi;
use crate::stack::Stack;
use crate::{openapi, registry, sqs};

/// The product that has an app here.
const APP: &str = "easy-writer";

/// The data behind the pages.
pub(crate) struct Console {
    products: Vec<Product>,
    policies: security::Policies,
    /// Names and addresses.
    services: Vec<(&'static str, String)>,
    sandbox: String,
    queues: sqs::Engine,
    /// Names of dead-letter queues.
    dead_letters: Vec<String>,
    functions: BTreeMap<String, Arc<Function>>,
}

struct Product {
    name: String,
    port: u16,
    sockets: Option<Arc<SocketApi>>,
}

impl Product {
    fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }
}

impl Console {
    pub(crate) fn of(stack: &Stack, sockets: &BTreeMap<String, Arc<SocketApi>>) -> Self {
        let endpoints = &stack.deployment.endpoints;
        let products = stack.fronts.iter().map(|(name, front)| Product {
            name: name.clone(),
            port: front.address.port(),
            sockets: sockets.get(name).cloned(),
        });
        let products: Vec<_> = products.collect();
        let policies = stack.queues.iter().filter_map(|queue| queue.attributes.get("RedrivePolicy"));
        let targets = policies.filter_map(|policy| {
            let policy: Value = serde_json::from_str(policy).ok()?;
            policy.get("deadLetterTargetArn")?.as_str()?.rsplit(':').next().map(str::to_owned)
        });
        Self {
            policies: security::Policies::new(products.iter().map(|product| product.port)),
            products,
            services: vec![
                ("DynamoDB", endpoints.dynamodb.clone()),
                ("S3", endpoints.s3.clone()),
                ("SQS", endpoints.sqs.clone()),
            ],
            sandbox: endpoints.sandbox.replace("127.0.0.1", "localhost"),
            queues: stack.engine.clone(),
            dead_letters: targets.collect(),
            functions: stack.functions.clone(),
        }
    }

    fn product(&self, name: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.name == name)
    }
}

type Shared = State<Arc<Console>>;

/// The pages.
pub(crate) fn router(console: Console) -> Router {
    let policy = console.policies.pages.clone();
    Router::new()
        .route("/", get(show_start))
        .route("/state.json", get(show_state))
        .route("/reference/scalar.js", get(assets::serve_scalar))
        .route("/reference/{product}", get(show_reference))
        .route("/reference/{product}/openapi.json", get(show_openapi))
        .route("/easy-writer", get(show_app))
        .route("/easy-writer/signed-in", get(show_app))
        .route("/easy-writer/paid", get(show_app))
        .fallback(assets::serve)
        .layer(axum::middleware::map_response_with_state(policy, security::guard))
        .with_state(Arc::new(console))
}

async fn show_start(State(console): Shared) -> Response {
    match state::read(&console).await {
        Ok(state) => Html(page::start(&console, &state)).into_response(),
        Err(fault) => (StatusCode::INTERNAL_SERVER_ERROR, fault.to_string()).into_response(),
    }
}

async fn show_state(State(console): Shared) -> Response {
    match state::read(&console).await {
        Ok(state) => axum::Json(state).into_response(),
        Err(fault) => (StatusCode::INTERNAL_SERVER_ERROR, fault.to_string()).into_response(),
    }
}

async fn show_reference(State(console): Shared, Path(product): Path<String>) -> Response {
    let Some(product) = console.product(&product) else { return StatusCode::NOT_FOUND.into_response() };
    let page = include_str!("reference.html").replace("{product}", &product.name);
    let page = page.replace("{base}", &product.url()).replace("{port}", &product.port.to_string());
    ([(CONTENT_SECURITY_POLICY, console.policies.reference.clone())], Html(page)).into_response()
}

/// The app. Its script tells its pages apart by their address.
async fn show_app(State(console): Shared) -> Response {
    let Some(product) = console.product(APP) else { return StatusCode::NOT_FOUND.into_response() };
    Html(include_str!("easy_writer/index.html").replace("{port}", &product.port.to_string())).into_response()
}

async fn show_openapi(Path(product): Path<String>) -> Response {
    match registry::product(&product) {
        Some(product) => axum::Json(openapi::document(product)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
