//! The start page and the API references.

mod page;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::assembly::Endpoints;
use crate::gateway::socket_api::SocketApi;
use crate::sqs;
use crate::stack::Stack;

/// What the pages show.
pub(crate) struct Console {
    products: Vec<Product>,
    /// Names and addresses.
    services: Vec<(&'static str, String)>,
    queues: sqs::Engine,
    /// Queues that hold what others gave up on.
    dead_letters: Vec<String>,
    functions: usize,
    root: PathBuf,
}

struct Product {
    name: String,
    url: String,
    sockets: Option<Arc<SocketApi>>,
}

impl Console {
    pub(crate) fn of(
        stack: &Stack,
        endpoints: &Endpoints,
        sockets: &std::collections::BTreeMap<String, Arc<SocketApi>>,
        root: &std::path::Path,
    ) -> Self {
        let products = stack.fronts.iter().map(|(name, front)| Product {
            name: name.clone(),
            url: format!("http://localhost:{}", front.address.port()),
            sockets: sockets.get(name).cloned(),
        });
        let policies = stack.queues.iter().filter_map(|queue| queue.attributes.get("RedrivePolicy"));
        let targets = policies.filter_map(|policy| {
            let policy: Value = serde_json::from_str(policy).ok()?;
            policy.get("deadLetterTargetArn")?.as_str()?.rsplit(':').next().map(str::to_owned)
        });
        Self {
            products: products.collect(),
            services: vec![
                ("Sandbox (stands in for other companies)", endpoints.sandbox.clone()),
                ("DynamoDB", endpoints.dynamodb.clone()),
                ("S3", endpoints.s3.clone()),
                ("SQS", endpoints.sqs.clone()),
            ],
            queues: stack.engine.clone(),
            dead_letters: targets.collect(),
            functions: stack.functions.len(),
            root: root.to_owned(),
        }
    }

    /// The file that describes a product's API.
    fn description(&self, product: &str) -> PathBuf {
        self.root.join("docs/openapi").join(format!("{product}.yaml"))
    }

    fn product(&self, name: &str) -> Option<&Product> {
        self.products.iter().find(|product| product.name == name)
    }
}

type Shared = State<Arc<Console>>;

/// The pages.
pub(crate) fn router(console: Console) -> Router {
    Router::new()
        .route("/", get(show_start))
        .route("/reference/{product}", get(show_reference))
        .route("/reference/{product}/openapi.json", get(show_description))
        .route("/style.css", get(|| async { ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css")) }))
        .route(
            "/reference.js",
            get(|| async { ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("reference.js")) }),
        )
        .with_state(Arc::new(console))
}

async fn show_start(State(console): Shared) -> Response {
    match console.queues.counts().await {
        Ok(counts) => Html(page::start(&console, &counts)).into_response(),
        Err(fault) => (StatusCode::INTERNAL_SERVER_ERROR, fault.to_string()).into_response(),
    }
}

async fn show_reference(State(console): Shared, Path(product): Path<String>) -> Response {
    let Some(product) = console.product(&product) else { return StatusCode::NOT_FOUND.into_response() };
    let description = format!("/reference/{}/openapi.json", product.name);
    let page = include_str!("reference.html").replace("{base}", &product.url).replace("{description}", &description);
    Html(page).into_response()
}

/// The description as JSON, which browsers can read. Read anew each time, so that a reload shows what was just written.
async fn show_description(State(console): Shared, Path(product): Path<String>) -> Response {
    let Some(product) = console.product(&product) else { return StatusCode::NOT_FOUND.into_response() };
    let path = console.description(&product.name);
    let text = match tokio::fs::read_to_string(&path).await {
        Ok(text) => text,
        Err(cause) => return (StatusCode::NOT_FOUND, format!("{}: {cause}", path.display())).into_response(),
    };
    match serde_yaml_ng::from_str::<Value>(&text) {
        Ok(description) => axum::Json(description).into_response(),
        Err(cause) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{}: {cause}", path.display())).into_response(),
    }
}
