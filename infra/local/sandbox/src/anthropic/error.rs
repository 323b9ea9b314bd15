//! Anthropic's error object: `{"type":"error","error":{"type","message"}}`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::model::Trouble;

/// A failed request.
#[derive(Debug)]
pub(super) struct Failure {
    status: u16,
    kind: &'static str,
    message: String,
}

impl Failure {
    fn new(status: u16, kind: &'static str, message: &str) -> Self {
        Self { status, kind, message: message.to_owned() }
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    pub(super) fn authentication(message: &str) -> Self {
        Self::new(401, "authentication_error", message)
    }

    pub(super) fn unknown_model(model: &str) -> Self {
        Self::new(404, "not_found_error", &format!("model: {model}"))
    }

    pub(super) fn no_such_route() -> Self {
        Self::new(404, "not_found_error", "Not found")
    }

    pub(super) fn wrong_method() -> Self {
        Self::new(405, "invalid_request_error", "Method Not Allowed")
    }

    pub(super) fn too_large() -> Self {
        Self::new(413, "request_too_large", "Request exceeds the maximum allowed number of bytes.")
    }

    pub(super) fn server_error() -> Self {
        Self::new(500, "api_error", "Internal server error")
    }

    /// The failure as an event of a stream.
    pub(super) fn body(&self) -> Value {
        json!({ "type": "error", "error": { "type": self.kind, "message": self.message } })
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Server => Self::server_error(),
            Trouble::RateLimit => Self::new(429, "rate_limit_error", "This request would exceed your rate limit."),
            Trouble::Quota => Self::new(
                400,
                "invalid_request_error",
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
            ),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body())).into_response();
        if self.status == 429 {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
