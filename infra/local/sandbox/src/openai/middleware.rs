//! Checks the key of every request and adds the vendor's headers to every response.

use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::Failure;
use crate::model::State;

pub(super) async fn check(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let id = format!("req_sandbox_{:08x}", state.next_request());
    let mut response = match key_is_good(request.headers(), &state.options.api_key) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-sandbox"), HeaderValue::from_static("true"));
    headers.insert(HeaderName::from_static("openai-version"), HeaderValue::from_static("2020-10-01"));
    headers.insert(HeaderName::from_static("openai-organization"), HeaderValue::from_static("sandbox"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

/// `Authorization: Bearer <key>`; the scheme's case does not matter (RFC 9110, 11.1).
fn key_is_good(headers: &HeaderMap, expected: &str) -> Result<(), Failure> {
    let credentials = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match credentials.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") && !key.trim().is_empty() => {
            if key.trim() == expected { Ok(()) } else { Err(Failure::wrong_key(key.trim())) }
        }
        _ => Err(Failure::no_key()),
    }
}
