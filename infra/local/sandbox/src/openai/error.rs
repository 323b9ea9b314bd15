//! OpenAI's error object: `{"error":{"message","type","param","code"}}`.

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::model::Trouble;

/// A failed request.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    retry_after: Option<u16>,
    body: Body,
}

/// The body of every failure; also a frame of a stream that fails after its status line.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Body {
    error: Details,
}

#[derive(Debug, Clone, Serialize)]
struct Details {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<String>,
    code: Option<&'static str>,
}

const INVALID: &str = "invalid_request_error";

impl Failure {
    fn new(status: StatusCode, kind: &'static str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        let error = Details { message: message.into(), kind, param: None, code };
        Self { status, retry_after: None, body: Body { error } }
    }

    fn about(mut self, param: impl Into<String>) -> Self {
        self.body.error.param = Some(param.into());
        self
    }

    /// The error object alone, for a stream.
    pub(super) fn into_body(self) -> Body {
        self.body
    }

    pub(super) fn no_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            INVALID,
            None,
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth \
             (i.e. Authorization: Bearer YOUR_KEY).",
        )
    }

    /// Shows the ends of the key only, as the real vendor does.
    pub(super) fn wrong_key(key: &str) -> Self {
        let masked = match (key.get(..3), key.len().checked_sub(4).and_then(|from| key.get(from..))) {
            (Some(head), Some(tail)) if key.len() > 12 => format!("{head}***{tail}"),
            _ => "***".to_owned(),
        };
        let message =
            format!("Incorrect API key provided: {masked}. This is the sandbox: use the key from its options.");
        Self::new(StatusCode::UNAUTHORIZED, INVALID, Some("invalid_api_key"), message)
    }

    pub(super) fn malformed_json() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            INVALID,
            None,
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library \
             correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
        )
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, INVALID, Some("request_too_large"), "The request body is too large.")
    }

    pub(super) fn no_model() -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID, None, "you must provide a model parameter")
    }

    pub(super) fn missing(param: &str) -> Self {
        let message = format!("Missing required parameter: '{param}'.");
        Self::new(StatusCode::BAD_REQUEST, INVALID, Some("missing_required_parameter"), message).about(param)
    }

    pub(super) fn wrong_type(param: &str, expected: &str) -> Self {
        let message = format!("Invalid type for '{param}': expected {expected}.");
        Self::new(StatusCode::BAD_REQUEST, INVALID, Some("invalid_type"), message).about(param)
    }

    pub(super) fn wrong_value(param: &str, message: &str) -> Self {
        let message = format!("Invalid value for '{param}': {message}.");
        Self::new(StatusCode::BAD_REQUEST, INVALID, Some("invalid_value"), message).about(param)
    }

    pub(super) fn unknown_parameter(param: &str) -> Self {
        let message = format!("Unknown parameter: '{param}'.");
        Self::new(StatusCode::BAD_REQUEST, INVALID, Some("unknown_parameter"), message).about(param)
    }

    pub(super) fn moderation_blocked() -> Self {
        let message = "Your request was rejected by the safety system of the sandbox.";
        Self::new(StatusCode::BAD_REQUEST, "image_generation_user_error", Some("moderation_blocked"), message)
    }

    pub(super) fn empty_messages() -> Self {
        let message =
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
        Self::new(StatusCode::BAD_REQUEST, INVALID, Some("empty_array"), message).about("messages")
    }

    pub(super) fn unasked_result(index: usize) -> Self {
        let message = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
        Self::new(StatusCode::BAD_REQUEST, INVALID, None, message).about(format!("messages.[{index}].role"))
    }

    pub(super) fn unanswered_calls(index: usize, ids: &str) -> Self {
        let message = format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
             The following tool_call_ids did not have response messages: {ids}"
        );
        Self::new(StatusCode::BAD_REQUEST, INVALID, None, message).about(format!("messages.[{index}].role"))
    }

    pub(super) fn context_too_long(limit: u32, tokens: u32) -> Self {
        let message = format!(
            "This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens. \
             Please reduce the length of the messages."
        );
        Self::new(StatusCode::BAD_REQUEST, INVALID, Some("context_length_exceeded"), message).about("messages")
    }

    pub(super) fn unknown_model(model: &str) -> Self {
        let message = format!("The model `{model}` does not exist or you do not have access to it.");
        Self::new(StatusCode::NOT_FOUND, INVALID, Some("model_not_found"), message)
    }

    pub(super) fn no_such_route(method: &Method, path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, INVALID, None, format!("Invalid URL ({method} {path})"))
    }

    pub(super) fn wrong_method(method: &Method, path: &str) -> Self {
        let message =
            format!("Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, INVALID, Some("method_not_supported"), message)
    }

    fn rate_limited() -> Self {
        let message = "Rate limit reached for sandbox-429 in organization sandbox on requests per min (RPM). Please try again in 1s.";
        let mut failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "requests", Some("rate_limit_exceeded"), message);
        failure.retry_after = Some(1);
        failure
    }

    fn out_of_quota() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "insufficient_quota",
            Some("insufficient_quota"),
            "You exceeded your current quota, please check your plan and billing details.",
        )
    }

    pub(super) fn server_error() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            None,
            "The server had an error while processing your request. Sorry about that!",
        )
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Server => Self::server_error(),
            Trouble::RateLimit => Self::rate_limited(),
            Trouble::Quota => Self::out_of_quota(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
