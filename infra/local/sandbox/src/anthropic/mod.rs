//! Anthropic's Messages API, version 2023-06-01.
//!
//! Source: Anthropic API reference, "Messages", "Streaming messages", "Tool use", "Errors" and "Versions".

mod conversation;
mod error;
mod messages;
mod request;
mod stream;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use crate::Options;
use crate::model::{MAX_BODY, State};
use error::Failure;

/// The version of the API.
const VERSION: &str = "2023-06-01";

/// The routes below `/anthropic`.
pub(crate) fn router(options: Options) -> Router {
    let state = State::new(options);
    Router::new()
        .route("/v1/messages", post(messages::create))
        .fallback(async || Failure::no_such_route())
        .method_not_allowed_fallback(async || Failure::wrong_method())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn_with_state(state.clone(), check))
        .with_state(state)
}

/// Checks key and version, adds the vendor's headers.
async fn check(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let id = format!("req_sandbox_{:08x}", state.next_request());
    let mut response = match is_good(request.headers(), &state.options.api_key) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-sandbox"), HeaderValue::from_static("true"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("request-id"), id);
    }
    response
}

fn is_good(headers: &HeaderMap, key: &str) -> Result<(), Failure> {
    let header = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match header("x-api-key") {
        None => return Err(Failure::authentication("x-api-key header is required")),
        Some(given) if given != key => return Err(Failure::authentication("invalid x-api-key")),
        Some(_) => {}
    }
    match header("anthropic-version") {
        None => Err(Failure::invalid("anthropic-version: header is required")),
        Some(VERSION) => Ok(()),
        Some(other) => Err(Failure::invalid(&format!("anthropic-version: \"{other}\" is not what the sandbox plays"))),
    }
}
