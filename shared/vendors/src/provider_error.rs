//! Turns failures of HTTP and vendors' error objects into [`ProviderError`].

use std::time::Duration;

use domain::gateway::ProviderError;
use serde_json::Value;

use crate::http::{Complaint, Failure};

/// Codes for an account without money. OpenAI sends them with 429, but waiting does not help.
const OUT_OF_FUNDS: [&str; 7] = [
    "insufficient_quota",
    "billing_not_active",
    "credit_balance_exhausted",
    "project_spend_limit_exceeded",
    "organization_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_error",
];

/// Anthropic's message for an account without credit: status 400, type `invalid_request_error`.
const OUT_OF_CREDIT: &str = "credit balance is too low";

/// Codes of content filters.
const CONTENT_REFUSED: [&str; 3] = ["content_filter", "content_policy_violation", "moderation_blocked"];

/// Codes for a wrong key or model name, whatever the status: some servers answer 400 to a wrong key.
const MISCONFIGURED: [&str; 2] = ["invalid_api_key", "model_not_found"];

impl From<Failure> for ProviderError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => Self::TimedOut,
            Failure::Broken(reason) => Self::Broken(reason),
            Failure::Misconfigured(reason) => Self::Misconfigured(reason),
            Failure::Answered(answer) => {
                by_status(answer.status, &answer.complaint, answer.retry_after, || answer.describe())
            }
        }
    }
}

/// The meaning of an error object that came with HTTP 200.
pub(crate) fn from_body(json: &Value, complaint: &Complaint) -> ProviderError {
    let status = status_in(json).or_else(|| status_of_words(complaint)).unwrap_or(500);
    by_status(status, complaint, None, || complaint.describe())
}

/// A vendor's message that does not parse.
pub(crate) fn malformed(what: &str, error: &serde_json::Error) -> ProviderError {
    Failure::malformed(what, error).into()
}

/// A content filter that gives no reason for the caller.
pub(crate) fn content_refused() -> ProviderError {
    ProviderError::ContentRefused("the vendor's content filter".to_owned())
}

/// An answer that breaks the vendor's protocol.
pub(crate) fn broken(reason: &str) -> ProviderError {
    ProviderError::Broken(reason.to_owned())
}

fn by_status(
    status: u16,
    complaint: &Complaint,
    retry_after: Option<Duration>,
    for_log: impl FnOnce() -> String,
) -> ProviderError {
    if status == 402 || is_about_money(complaint) {
        return ProviderError::OutOfFunds;
    }
    if complaint.has_word(&CONTENT_REFUSED) {
        return ProviderError::ContentRefused(complaint.message().to_owned());
    }
    match status {
        429 => ProviderError::RateLimited { retry_after },
        408 | 409 | 425 | 500.. => ProviderError::Broken(for_log()),
        400 | 413 | 422 if !complaint.has_word(&MISCONFIGURED) => rejected(status, complaint),
        _ => ProviderError::Misconfigured(for_log()),
    }
}

fn is_about_money(complaint: &Complaint) -> bool {
    complaint.has_word(&OUT_OF_FUNDS) || complaint.message().contains(OUT_OF_CREDIT)
}

fn rejected(status: u16, complaint: &Complaint) -> ProviderError {
    let message = match complaint.message() {
        "" => format!("Поставщик модели отклонил запрос ({status})"),
        message => message.to_owned(),
    };
    ProviderError::Rejected {
        message,
        param: complaint.param().map(str::to_owned),
        code: complaint.code().map(str::to_owned),
    }
}

/// The HTTP status in an error object: `code` (OpenAI-compatible servers), `status` (GigaChat), `httpCode` (Yandex
/// Cloud). Small numbers are gRPC codes.
fn status_in(json: &Value) -> Option<u16> {
    let error = json.get("error").filter(|error| error.is_object()).unwrap_or(json);
    let number = ["httpCode", "status", "code"].into_iter().find_map(|name| error.get(name)?.as_u64())?;
    match number {
        3 | 9 => Some(400),
        16 => Some(401),
        7 => Some(403),
        5 => Some(404),
        8 => Some(429),
        400..=599 => u16::try_from(number).ok(),
        _ => None,
    }
}

fn status_of_words(complaint: &Complaint) -> Option<u16> {
    let words: [(&[&str], u16); 6] = [
        (&["rate_limit_error", "rate_limit_exceeded", "Too Many Requests"], 429),
        (&["authentication_error", "invalid_api_key"], 401),
        (&["permission_error"], 403),
        (&["not_found_error", "model_not_found"], 404),
        (&["request_too_large"], 413),
        (&["invalid_request_error", "BadRequestError"], 400),
    ];
    words.into_iter().find(|(words, _)| complaint.has_word(words)).map(|(_, status)| status)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meaning(json: &Value) -> String {
        format!("{:?}", from_body(json, &Complaint::from_json(json, &[])))
    }

    #[test]
    fn errors_within_a_stream_are_sorted_by_status_or_words() {
        for (error, expected) in [
            (
                json!({ "error": { "message": "m", "type": "server_error", "code": null } }),
                "Broken(\"server_error: m\")",
            ),
            (json!({ "error": { "message": "m", "code": 429 } }), "RateLimited { retry_after: None }"),
            (
                json!({ "error": { "message": "m", "code": "rate_limit_exceeded" } }),
                "RateLimited { retry_after: None }",
            ),
            (json!({ "error": { "message": "m", "code": 429, "type": "insufficient_quota" } }), "OutOfFunds"),
            (json!({ "type": "error", "error": { "type": "billing_error", "message": "m" } }), "OutOfFunds"),
            (
                json!({ "type": "error", "error": { "type": "overloaded_error", "message": "m" } }),
                "Broken(\"overloaded_error: m\")",
            ),
            (json!({ "error": { "code": "content_filter", "message": "m" } }), "ContentRefused(\"m\")"),
            (
                json!({ "object": "error", "message": "m", "code": 400 }),
                "Rejected { message: \"m\", param: None, code: None }",
            ),
            (json!({ "status": 404, "message": "No such model" }), "Misconfigured(\"No such model\")"),
            (json!({ "code": 8, "message": "quota" }), "RateLimited { retry_after: None }"),
            (json!({ "code": 14, "message": "unavailable" }), "Broken(\"unavailable\")"),
            (
                json!({ "error": { "grpcCode": 3, "httpCode": 400, "message": "m" } }),
                "Rejected { message: \"m\", param: None, code: None }",
            ),
            (
                json!({ "error": { "type": "authentication_error", "message": "m" } }),
                "Misconfigured(\"authentication_error: m\")",
            ),
            (json!({ "error": "m" }), "Broken(\"m\")"),
            (json!({}), "Broken(\"no message\")"),
        ] {
            assert_eq!(meaning(&error), expected, "{error}");
        }
    }
}
