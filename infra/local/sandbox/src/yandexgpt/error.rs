//! Yandex Cloud's errors: a gRPC status, `{"error":{"grpcCode","httpCode","message","httpStatus","details"}}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::model::Trouble;

/// A failed request.
#[derive(Debug)]
pub(super) struct Failure {
    grpc: u8,
    status: StatusCode,
    message: String,
}

impl Failure {
    fn new(grpc: u8, status: StatusCode, message: &str) -> Self {
        Self { grpc, status, message: message.to_owned() }
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::new(3, StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(5, StatusCode::NOT_FOUND, "Not Found")
    }

    pub(super) fn unauthenticated(message: &str) -> Self {
        Self::new(16, StatusCode::UNAUTHORIZED, message)
    }

    pub(super) fn server_error() -> Self {
        Self::new(13, StatusCode::INTERNAL_SERVER_ERROR, "Internal server error")
    }

    /// The failure as a line of a stream.
    pub(super) fn body(&self) -> Value {
        let status = self.status.canonical_reason();
        let code = self.status.as_u16();
        json!({ "error": { "grpcCode": self.grpc, "httpCode": code, "message": self.message, "httpStatus": status, "details": [] } })
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Server => Self::server_error(),
            Trouble::RateLimit => Self::new(
                8,
                StatusCode::TOO_MANY_REQUESTS,
                "ai.textGenerationCompletionSessionsCount.count gRPC calls quota exceed",
            ),
            Trouble::Quota => Self::new(7, StatusCode::PAYMENT_REQUIRED, "The billing account is suspended"),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
