//! OpenAI's API: chat completions, embeddings and pictures.
//!
//! Shapes and rules follow the public API reference and the errors that the official SDKs parse.

mod completions;
mod embeddings;
mod error;
mod images;
mod middleware;
mod models;
mod request;
mod response;
mod stream;
#[cfg(test)]
mod tests;
mod tools;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::routing::{get, post};

use crate::Options;
use crate::model::{MAX_BODY, State};
use error::Failure;

/// The routes below `/openai/v1`.
pub(crate) fn router(options: Options) -> Router {
    with_state(State::new(options))
}

fn with_state(state: State) -> Router {
    Router::new()
        .route("/chat/completions", post(completions::create))
        .route("/embeddings", post(embeddings::create))
        .route("/images/generations", post(images::create))
        .route("/models", get(models::list))
        .route("/models/{id}", get(models::show))
        .fallback(no_such_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn_with_state(state.clone(), middleware::check))
        .with_state(state)
}

async fn no_such_route(method: Method, uri: Uri) -> Failure {
    Failure::no_such_route(&method, uri.path())
}

async fn wrong_method(method: Method, uri: Uri) -> Failure {
    Failure::wrong_method(&method, uri.path())
}
