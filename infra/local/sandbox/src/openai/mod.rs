//! OpenAI's API, as far as chat completions, embeddings and pictures need it.
//!
//! Shapes and rules follow the public API reference and the errors that the official SDKs know how to read.

mod completions;
mod embeddings;
mod error;
mod fault;
mod images;
mod middleware;
mod models;
mod request;
mod response;
mod stream;
#[cfg(test)]
mod tests;
mod tokens;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::routing::{get, post};

use crate::Options;
use error::Failure;

/// The largest request body, in bytes. A prompt beyond it would not fit a real model's context either.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What the handlers share.
#[derive(Clone)]
struct State {
    options: Options,
    requests: Arc<AtomicU64>,
    /// Streams that a client is reading now.
    streams: Arc<AtomicUsize>,
}

impl State {
    fn new(options: Options) -> Self {
        Self { options, requests: Arc::default(), streams: Arc::default() }
    }

    /// A number that no earlier request had.
    fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
}

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
