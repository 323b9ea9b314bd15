//! What failures of HTTP and vendors' complaints mean to the one who called: see the table of [`chat`](super).

use std::time::Duration;

use domain::gateway::ProviderError;
use serde_json::Value;

use crate::http::{Complaint, Failure};
use crate::text::{OPENAI_CONTENT_REFUSED, OPENAI_OUT_OF_FUNDS, OUT_OF_CREDIT};

/// Words of an error that mean our own key or model name, whatever the status: some servers say 400 to a wrong key.
const OURS: [&str; 2] = ["invalid_api_key", "model_not_found"];

/// What a failure means.
pub(super) fn meaning(failure: Failure) -> ProviderError {
    match failure {
        Failure::TimedOut => ProviderError::TimedOut,
        Failure::Broken(reason) => ProviderError::Broken(reason),
        Failure::Misconfigured(reason) => ProviderError::Misconfigured(reason),
        Failure::Answered(answer) => {
            by_status(answer.status, &answer.complaint, answer.retry_after, || answer.describe())
        }
    }
}

/// What an error object means that came with HTTP 200.
pub(super) fn told(json: &Value, complaint: &Complaint) -> ProviderError {
    let status = status_in(json).or_else(|| status_of_words(complaint)).unwrap_or(500);
    by_status(status, complaint, None, || complaint.describe())
}

/// A message of the vendor that does not parse.
pub(super) fn malformed(what: &str, error: &serde_json::Error) -> ProviderError {
    meaning(Failure::malformed(what, error))
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
    if complaint.has_word(&OPENAI_CONTENT_REFUSED) {
        return ProviderError::ContentRefused(complaint.message().to_owned());
    }
    match status {
        429 => ProviderError::RateLimited { retry_after },
        408 | 409 | 425 | 500.. => ProviderError::Broken(for_log()),
        400 | 413 | 422 if !complaint.has_word(&OURS) => rejected(status, complaint),
        _ => ProviderError::Misconfigured(for_log()),
    }
}

fn is_about_money(complaint: &Complaint) -> bool {
    complaint.has_word(&OPENAI_OUT_OF_FUNDS)
        || complaint.has_word(&["billing_error"])
        || complaint.message().contains(OUT_OF_CREDIT)
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

/// The HTTP status that an error object would have come with, where it says one: `code` (OpenAI-compatible servers), `status`
/// (GigaChat), `httpCode` (Yandex Cloud). Small codes are those of gRPC.
fn status_in(json: &Value) -> Option<u16> {
    let error = json.get("error").filter(|error| error.is_object()).unwrap_or(json);
    let number = ["httpCode", "status", "code"].into_iter().find_map(|name| error.get(name)?.as_u64())?;
    match number {
        3 => Some(400),
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

    fn told_of(json: &Value) -> String {
        format!("{:?}", told(json, &Complaint::from_json(json, &[])))
    }

    #[test]
    fn errors_within_a_stream_are_sorted_by_status_or_words() {
        for (error, meaning) in [
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
            assert_eq!(told_of(&error), meaning, "{error}");
        }
    }
}
