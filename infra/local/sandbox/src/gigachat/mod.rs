//! Sber GigaChat: access tokens, and version 1 of its chat API.
//!
//! Source: GigaChat API reference (developers.sber.ru), "Get access token", "Chat completions", "Embeddings", "Errors"; recorded traffic of the
//! vendor's own SDK.

mod completions;
mod embeddings;
mod error;
mod request;
#[cfg(test)]
mod tests;
mod token;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use crate::Options;
use crate::model::{MAX_BODY, State};
use error::Failure;

pub use token::gigachat_authorization_key;

/// The routes below `/gigachat`.
pub(crate) fn router(options: Options) -> Router {
    let state = State::new(options);
    let api = Router::new()
        .route("/chat/completions", post(completions::create))
        .route("/embeddings", post(embeddings::create))
        .fallback(async || Failure::new(404, "Not Found"))
        .method_not_allowed_fallback(async || Failure::new(405, "Method Not Allowed"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn_with_state(state.clone(), check));
    Router::new()
        .route("/api/v2/oauth", post(token::create))
        .nest("/api/v1", api)
        .layer(axum::middleware::from_fn(mark))
        .with_state(state)
}

/// Checks the access token.
async fn check(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match token::check(token, &state.options) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

/// Marks responses as the sandbox's.
async fn mark(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(HeaderName::from_static("x-sandbox"), HeaderValue::from_static("true"));
    response
}
