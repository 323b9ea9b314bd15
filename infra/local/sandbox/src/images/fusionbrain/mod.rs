//! FusionBrain's API of pipelines: drawing.
//!
//! Source: fusionbrain.ai documentation, "API"; the requests of the vendor's own clients.
//!
//! It has no model names, so words in the prompt select its behaviour; the crate's page lists them.

mod drawings;
mod error;
mod order;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Options;
use crate::seed::Seed;
use drawings::{Drawings, Told};
use error::Failure;
use order::{Fault, Form};

/// The largest request body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The only pipeline.
const PIPELINE: &str = "5a9d8c3e-0b1f-4d62-9c77-2f6e5b8a4d10";

/// A customer's pair of keys.
#[derive(Clone, PartialEq, Eq)]
pub struct FusionBrainKeys {
    /// Sent as `X-Key: Key …`.
    pub api_key: String,
    /// Sent as `X-Secret: Secret …`.
    pub secret_key: String,
}

impl FusionBrainKeys {
    /// The pair derived from the sandbox's key.
    pub fn of(api_key: &str) -> Self {
        let derived = |purpose: &str| {
            let mut seed = Seed::of([api_key, purpose]);
            format!("{:016X}{:016X}", seed.number(), seed.number())
        };
        Self { api_key: derived("fusionbrain key"), secret_key: derived("fusionbrain secret") }
    }
}

/// The state that the handlers share.
#[derive(Clone)]
struct State {
    keys: FusionBrainKeys,
    drawings: Arc<Drawings>,
}

/// The routes below `/fusionbrain`.
pub(crate) fn router(options: Options) -> Router {
    let keys = FusionBrainKeys::of(&options.api_key);
    let state = State { keys, drawings: Arc::new(Drawings::new(options)) };
    Router::new()
        .route("/key/api/v1/pipelines", get(list))
        .route("/key/api/v1/pipeline/run", post(run))
        .route("/key/api/v1/pipeline/status/{uuid}", get(show))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_route)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn_with_state(state.clone(), check))
        .with_state(state)
}

/// Checks the keys, marks responses as the sandbox's.
async fn check(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let mut response = if keys_are_good(request.headers(), &state.keys) {
        next.run(request).await
    } else {
        Failure::unauthorized().into_response()
    };
    response.headers_mut().insert(HeaderName::from_static("x-sandbox"), HeaderValue::from_static("true"));
    response
}

fn keys_are_good(headers: &HeaderMap, keys: &FusionBrainKeys) -> bool {
    let is = |name: &str, word: &str, key: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.strip_prefix(word) == Some(key)
    };
    is("x-key", "Key ", &keys.api_key) && is("x-secret", "Secret ", &keys.secret_key)
}

async fn list() -> Json<Value> {
    Json(json!([{
        "id": PIPELINE, "name": "Kandinsky (песочница)", "nameEn": "Kandinsky (sandbox)",
        "description": "Текст запроса на цветном фоне", "descriptionEn": "The prompt on a coloured background",
        "tags": [], "version": 3.1, "status": "ACTIVE", "type": "TEXT2IMAGE",
    }]))
}

async fn run(Shared(state): Shared<State>, request: Request) -> Result<Json<Value>, Failure> {
    let form = Form::read(request).await?;
    if form.pipeline_id != PIPELINE {
        return Err(Failure::not_found("Pipeline not found"));
    }
    match form.fault {
        Some(Fault::QueueFull) => return Ok(Json(json!({ "pipeline_status": "DISABLED_BY_QUEUE" }))),
        Some(Fault::ServerError) => return Err(Failure::server_error()),
        Some(Fault::Hang) => return std::future::pending().await,
        Some(Fault::Fail | Fault::Lost | Fault::Slow) | None => {}
    }
    let uuid = state.drawings.add(form.order, form.fault);
    Ok(Json(json!({ "uuid": uuid, "status": "INITIAL", "status_time": 12 })))
}

async fn show(Shared(state): Shared<State>, Path(uuid): Path<String>) -> Result<Json<Value>, Failure> {
    let told = state.drawings.ask(&uuid).ok_or_else(|| Failure::not_found("Generation not found"))?;
    let (status, description, result) = match told {
        Told::Initial => ("INITIAL", None, None),
        Told::Processing => ("PROCESSING", None, None),
        Told::Failed => ("FAIL", Some("The sandbox was asked to fail"), None),
        Told::Done(order) => ("DONE", None, Some(drawings::draw(order).await?)),
    };
    Ok(Json(json!({
        "uuid": uuid, "status": status, "errorDescription": description, "result": result,
        "generationTime": 9, "sandbox": true,
    })))
}

async fn no_such_route() -> Failure {
    Failure::not_found("No static resource")
}
