//! GigaChat's errors: `{"status","message"}`; those of access tokens are `{"code","message"}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::model::Trouble;

/// A failed request.
#[derive(Debug)]
pub(super) struct Failure {
    status: u16,
    /// The vendor's error code of a token request.
    code: Option<u8>,
    message: String,
}

impl Failure {
    pub(super) fn new(status: u16, message: &str) -> Self {
        Self { status, code: None, message: message.to_owned() }
    }

    pub(super) fn of_token(status: u16, code: u8, message: &str) -> Self {
        Self { code: Some(code), ..Self::new(status, message) }
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::new(422, &format!("Invalid params: {message}"))
    }

    pub(super) fn unknown_model() -> Self {
        Self::new(404, "No such model")
    }

    pub(super) fn too_large() -> Self {
        Self::new(413, "Payload too large")
    }

    pub(super) fn server_error() -> Self {
        Self::new(500, "Internal Server Error")
    }

    /// The failure as an event of a stream.
    pub(super) fn body(&self) -> Value {
        match self.code {
            Some(code) => json!({ "code": code, "message": self.message }),
            None => json!({ "status": self.status, "message": self.message }),
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Server => Self::server_error(),
            Trouble::RateLimit => Self::new(429, "Too Many Requests"),
            Trouble::Quota => Self::new(402, "Payment Required"),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}
