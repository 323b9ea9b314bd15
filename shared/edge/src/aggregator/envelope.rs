//! AI Aggregator: bare data; `{statusCode, message, error, details?, timestamp, path}` for failures under `/api/v1`,
//! and OpenAI's `{error: {message, type, param, code}}` under the alias `/v1`, for OpenAI's clients.

use std::fmt::Write as _;

use domain::aggregator::dollars;
use domain::kernel::{Amount, AuthFailure, Denial, Dependency, Resource, Rule, Violation};
use http::StatusCode;
use serde_json::{Value, json};

use crate::envelope::{Envelope, Meta};
use crate::problem::Problem;

/// AI Aggregator's envelope.
pub struct Aggregator;

/// Paths for OpenAI's clients.
const OPENAI: &str = "/v1/";

impl Envelope for Aggregator {
    const PRODUCT: &'static str = "aggregator";

    fn success(data: &str, _: &Meta) -> String {
        data.to_owned()
    }

    fn code(problem: &Problem) -> (StatusCode, &'static str) {
        let status = match problem {
            // As gateways do: the upstream failed, not we.
            Problem::Failed(_) => StatusCode::BAD_GATEWAY,
            _ => problem.usual_status(),
        };
        (status, words(problem).0)
    }

    fn failure(problem: &Problem, meta: &Meta) -> String {
        let (status, code) = Self::code(problem);
        let message = message(problem);
        if meta.path.starts_with(OPENAI) {
            return openai_error(status, code, &message, param(problem).as_deref()).to_string();
        }
        let mut body = json!({
            "statusCode": status.as_u16(),
            "message": message,
            "error": status.canonical_reason().unwrap_or_default(),
            "code": code,
            "timestamp": format!("{:.3}", meta.timestamp),
            "path": meta.path,
        });
        if let (Some(details), Some(body)) = (details(problem), body.as_object_mut()) {
            body.insert("details".to_owned(), details);
        }
        body.to_string()
    }
}

/// OpenAI's error object. Its clients choose the exception by the status and show `message`.
pub fn openai_error(status: StatusCode, code: &str, message: &str, param: Option<&str>) -> Value {
    let kind = match status.as_u16() {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    json!({ "error": { "message": message, "type": kind, "param": param, "code": code } })
}

/// The invalid field in OpenAI's notation: `messages[0].role`.
fn param(problem: &Problem) -> Option<String> {
    let Problem::Invalid(violations) = problem else { return None };
    let field = violations.first().map(|violation| violation.field.as_str()).filter(|field| !field.is_empty())?;
    let mut path = String::new();
    for part in field.split('.') {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            // Writing to a string cannot fail.
            let _ = write!(path, "[{part}]");
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(part);
        }
    }
    Some(path)
}

fn details(problem: &Problem) -> Option<Value> {
    match problem {
        Problem::Invalid(violations) => {
            let fields = violations
                .iter()
                .map(|Violation { field, code, message }| json!({ "field": field, "code": code, "message": message }));
            Some(fields.collect())
        }
        Problem::InsufficientFunds { needed, available } => {
            let (needed, available) = (Amount::new(*needed), Amount::new(*available));
            let missing = dollars(needed - available);
            Some(json!([
                { "field": "balance", "message": format!("Не хватает {missing} USD"), "required": dollars(needed),
                  "available": dollars(available), "missing": missing, "currency": "USD" }
            ]))
        }
        Problem::RateLimited { limit, retry_after, .. } => {
            Some(json!([{ "field": "rate", "limit": limit, "retryAfter": retry_after.as_secs() }]))
        }
        _ => None,
    }
}

/// The message. A single violation has its own.
fn message(problem: &Problem) -> String {
    match problem {
        Problem::Invalid(violations) => match violations.as_slice() {
            [Violation { field, message, .. }] if field.is_empty() => message.clone(),
            [Violation { field, message, .. }] => format!("{field}: {message}"),
            _ => "Validation failed".to_owned(),
        },
        Problem::InsufficientFunds { needed, available } => format!(
            "Недостаточно средств: нужно {} USD, доступно {} USD",
            dollars(Amount::new(*needed)),
            dollars(Amount::new(*available))
        ),
        _ => words(problem).1.to_owned(),
    }
}

/// Code and message.
fn words(problem: &Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::Invalid(violations) => match violations.first() {
            Some(violation) if violation.code == domain::aggregator::CONTEXT_LENGTH => {
                ("context_length_exceeded", "Запрос длиннее, чем принимает модель")
            }
            Some(violation) if violation.code == domain::aggregator::CONTENT_FILTER => {
                ("content_filter", "Запрос отклонён фильтром содержимого")
            }
            Some(violation) if violation.code == domain::aggregator::UNSUPPORTED => {
                ("unsupported_parameter", "Параметр не поддерживается моделью")
            }
            _ => ("invalid_request", "Validation failed"),
        },
        Problem::Unauthenticated(AuthFailure::Credentials) => ("invalid_credentials", "Неверный email или пароль"),
        Problem::Unauthenticated(AuthFailure::TokenExpired) => ("token_expired", "Токен или ключ истёк"),
        Problem::Unauthenticated(AuthFailure::TokenInvalid) => {
            ("invalid_api_key", "Нет токена или ключа API, или он недействителен")
        }
        Problem::Unauthenticated(AuthFailure::Signature) => ("invalid_signature", "Подпись не подтверждена"),
        Problem::Forbidden(Denial::Permission) => ("permission_denied", "У ключа API нет права на этот запрос"),
        Problem::Forbidden(Denial::Unverified) => ("email_not_verified", "Сначала подтвердите адрес электронной почты"),
        Problem::NotFound(Resource::MODEL) => ("model_not_found", "Такой модели нет"),
        Problem::NotFound(Resource::API_KEY) => ("api_key_not_found", "Ключ API не найден"),
        Problem::NotFound(Resource::WEBHOOK) => ("webhook_not_found", "Webhook не найден"),
        Problem::NotFound(Resource::DELIVERY) => ("delivery_not_found", "Доставка не найдена"),
        Problem::NotFound(Resource::PAYMENT) => ("payment_not_found", "Платёж не найден"),
        Problem::NotFound(_) => ("not_found", "Не найдено"),
        Problem::NoSuchRoute => ("no_such_route", "Адрес не найден"),
        Problem::AlreadyExists(Resource::EMAIL) => ("email_exists", "Email уже занят"),
        Problem::AlreadyExists(_) => ("already_exists", "Уже существует"),
        Problem::Conflict(Rule::IdempotencyKeyReused) => {
            ("idempotency_key_reused", "Ключ идемпотентности уже использован для другого запроса")
        }
        Problem::Conflict(Rule::InProgress) => ("in_progress", "Такой же запрос ещё выполняется"),
        Problem::Conflict(Rule::NoPassword | Rule::NotCompleted) => ("conflict", "Операция сейчас невозможна"),
        Problem::Conflict(Rule::Busy) => ("busy", "Данные одновременно изменяются, повторите запрос"),
        Problem::InsufficientFunds { .. } => ("insufficient_funds", "Недостаточно средств"),
        Problem::RateLimited { .. } => ("rate_limit_exceeded", "Слишком много запросов, попробуйте позже"),
        Problem::Failed(_) => ("failed", "Операция не удалась, средства не списаны"),
        Problem::Unavailable(Dependency::Provider) => {
            ("provider_unavailable", "Ни один провайдер модели сейчас не отвечает, средства не списаны")
        }
        Problem::Unavailable(Dependency::PaymentProvider) => {
            ("payment_provider_unavailable", "Платёжная система недоступна, попробуйте позже")
        }
        Problem::Unavailable(_) => ("service_unavailable", "Сервис временно недоступен, попробуйте позже"),
        Problem::Internal => ("internal_error", "Внутренняя ошибка сервера"),
        Problem::MethodNotAllowed => ("method_not_allowed", "Метод не поддерживается"),
        Problem::UnsupportedMediaType => ("unsupported_media_type", "Ожидается application/json"),
        Problem::TooLarge => ("payload_too_large", "Слишком большой запрос"),
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::Timestamp;

    use super::*;

    fn body(problem: &Problem, path: &str) -> Value {
        let meta = Meta { timestamp: Timestamp::UNIX_EPOCH, request_id: String::new(), path: path.to_owned() };
        serde_json::from_str(&Aggregator::failure(problem, &meta)).unwrap()
    }

    fn invalid(field: &str) -> Problem {
        Problem::Invalid(vec![Violation { field: field.to_owned(), code: "range", message: "плохо".to_owned() }])
    }

    #[test]
    fn failures_are_spelled_as_the_contract_does() {
        let wanted = json!({
            "statusCode": 400, "message": "email: плохо", "error": "Bad Request", "code": "invalid_request",
            "timestamp": "1970-01-01T00:00:00.000Z", "path": "/api/v1/auth/register",
            "details": [{ "field": "email", "code": "range", "message": "плохо" }],
        });
        assert_eq!(body(&invalid("email"), "/api/v1/auth/register"), wanted);
    }

    #[test]
    fn clients_of_openai_get_its_own_error() {
        let wanted = json!({ "error": {
            "message": "messages.0.role: плохо", "type": "invalid_request_error", "param": "messages[0].role",
            "code": "invalid_request",
        } });
        assert_eq!(body(&invalid("messages.0.role"), "/v1/chat/completions"), wanted);
        let poor = Problem::InsufficientFunds { needed: 2_000_000_000, available: 500_000_000 };
        assert_eq!(body(&poor, "/v1/chat/completions")["error"]["type"], "insufficient_quota");
        assert_eq!(body(&poor, "/api/v1/chat/completions")["details"][0]["missing"], "1.5");
    }

    #[test]
    fn every_problem_has_a_code_and_words() {
        for problem in Problem::samples() {
            let (status, code) = Aggregator::code(&problem);
            assert!(status.is_client_error() || status.is_server_error(), "{problem:?}");
            assert!(!code.is_empty() && !message(&problem).is_empty(), "{problem:?}");
        }
    }
}
