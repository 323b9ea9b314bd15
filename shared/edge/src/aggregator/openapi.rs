//! Parts of AI Aggregator's OpenAPI document: the error and the common responses.

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// Error of the endpoints under `/api/v1`. Those under `/v1` return OpenAI's error object.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AggregatorFailed {
    /// HTTP status.
    #[schema(example = 400)]
    pub status_code: u16,
    /// Human-readable message.
    pub message: String,
    /// Reason phrase of the HTTP status.
    #[schema(example = "Bad Request")]
    pub error: String,
    /// Machine-readable error code. Stable.
    #[schema(example = "invalid_request")]
    pub code: String,
    /// Details, depending on the code: the invalid fields, the missing amount, the exceeded limit.
    #[schema(value_type = Option<Vec<Object>>)]
    pub details: Option<serde_json::Value>,
    /// Time of the response.
    #[schema(format = DateTime, example = "2023-12-01T12:00:00.000Z")]
    pub timestamp: String,
    /// Path of the request.
    #[schema(example = "/api/v1/auth/register")]
    pub path: String,
}

/// Errors of every endpoint.
#[derive(IntoResponses)]
pub enum Errors {
    /// `rate_limit_exceeded`: retry after `Retry-After` seconds
    #[response(status = 429)]
    RateLimited(AggregatorFailed),
    /// `internal_error`
    #[response(status = 500)]
    Internal(AggregatorFailed),
    /// `service_unavailable`: retry later
    #[response(status = 503)]
    Unavailable(AggregatorFailed),
}

/// Errors of an endpoint that requires an access token or an API key.
#[derive(IntoResponses)]
pub enum AuthErrors {
    /// `token_expired`, `invalid_api_key`
    #[response(status = 401)]
    Unauthenticated(AggregatorFailed),
}

/// Errors of an endpoint that takes a JSON body.
#[derive(IntoResponses)]
pub enum BodyErrors {
    /// `invalid_request`: malformed body or invalid field
    #[response(status = 400)]
    Invalid(AggregatorFailed),
    /// `payload_too_large`: body larger than 256 KB
    #[response(status = 413)]
    TooLarge(AggregatorFailed),
    /// `unsupported_media_type`: `Content-Type` is not `application/json`
    #[response(status = 415)]
    UnsupportedMediaType(AggregatorFailed),
}
