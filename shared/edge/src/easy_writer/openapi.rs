//! Parts of Easy Writer's OpenAPI document: the envelope and the common responses.

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// Successful response.
#[derive(Serialize, ToSchema)]
pub struct Success<T> {
    /// Always `true`.
    #[schema(example = true)]
    pub success: bool,
    /// Result of the request.
    pub data: T,
    /// Metadata of the response.
    pub meta: MetaView,
}

/// Metadata of a response.
#[derive(Serialize, ToSchema)]
pub struct MetaView {
    /// Time of the response.
    #[schema(format = DateTime, example = "2024-12-18T10:30:00Z")]
    pub timestamp: String,
    /// Request ID, as in the `X-Request-Id` header.
    pub request_id: String,
}

/// Error response.
#[derive(Serialize, ToSchema)]
pub struct Failed {
    /// Always `false`.
    #[schema(example = false)]
    pub success: bool,
    /// The error.
    pub error: ErrorView,
    /// Metadata of the response.
    pub meta: MetaView,
}

/// An error.
#[derive(Serialize, ToSchema)]
pub struct ErrorView {
    /// Machine-readable error code. Stable.
    #[schema(example = "VALIDATION_ERROR")]
    pub code: String,
    /// Human-readable message.
    pub message: String,
    /// Details, depending on the code: `fields` of `VALIDATION_ERROR`, `required` and `balance` of
    /// `INSUFFICIENT_BALANCE`, `limit` and `retry_after` of `RATE_LIMITED`.
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
}

/// Errors of an endpoint with a rate limit.
#[derive(IntoResponses)]
pub enum Errors {
    /// `RATE_LIMITED`: retry after `Retry-After` seconds
    #[response(status = 429)]
    RateLimited(Failed),
    /// `INTERNAL_ERROR`
    #[response(status = 500)]
    Internal(Failed),
    /// `SERVICE_UNAVAILABLE`: retry later
    #[response(status = 503)]
    Unavailable(Failed),
}

/// Errors of an endpoint without a rate limit.
#[derive(IntoResponses)]
pub enum UnlimitedErrors {
    /// `INTERNAL_ERROR`
    #[response(status = 500)]
    Internal(Failed),
    /// `SERVICE_UNAVAILABLE`: retry later
    #[response(status = 503)]
    Unavailable(Failed),
}

/// Errors of an endpoint that requires an access token.
#[derive(IntoResponses)]
pub enum AuthErrors {
    /// `TOKEN_EXPIRED`, `TOKEN_INVALID`
    #[response(status = 401)]
    Unauthenticated(Failed),
}

/// Errors of an endpoint that takes a JSON body.
#[derive(IntoResponses)]
pub enum BodyErrors {
    /// `VALIDATION_ERROR`: malformed body or invalid field
    #[response(status = 400)]
    Invalid(Failed),
    /// `PAYLOAD_TOO_LARGE`: body larger than 256 KB
    #[response(status = 413)]
    TooLarge(Failed),
    /// `UNSUPPORTED_MEDIA_TYPE`: `Content-Type` is not `application/json`
    #[response(status = 415)]
    UnsupportedMediaType(Failed),
}
