//! Easy Writer: `{success, data, meta}` and `{success, error: {code, message, details?}, meta}`.

use domain::easy_writer::IMAGE_FORMAT;
use domain::kernel::{AuthFailure, Dependency, Resource, Rule, Violation};
use domain::payments::PAYMENT_AMOUNT;
use http::StatusCode;
use serde_json::{Value, json};

use crate::envelope::{Envelope, Meta};
use crate::problem::Problem;

/// Easy Writer's envelope.
pub struct EasyWriter;

impl Envelope for EasyWriter {
    const PRODUCT: &'static str = "easy-writer";

    fn success(data: &str, meta: &Meta) -> String {
        // `data` is JSON already, so it is inserted as it is.
        format!(r#"{{"success":true,"data":{data},"meta":{}}}"#, meta_json(meta))
    }

    fn code(problem: &Problem) -> (StatusCode, &'static str) {
        let (code, _) = words(problem);
        let status = match problem {
            // By the contract's tables.
            Problem::AlreadyExists(_) | Problem::Failed(Resource::PAYMENT) => StatusCode::BAD_REQUEST,
            _ => problem.usual_status(),
        };
        (status, code)
    }

    fn failure(problem: &Problem, meta: &Meta) -> String {
        let (code, message) = words(problem);
        let mut error = json!({ "code": code, "message": message });
        if let (Some(details), Some(error)) = (details(problem), error.as_object_mut()) {
            error.insert("details".to_owned(), details);
        }
        json!({ "success": false, "error": error, "meta": meta_json(meta) }).to_string()
    }
}

fn meta_json(meta: &Meta) -> Value {
    json!({ "timestamp": meta.timestamp.to_string(), "request_id": meta.request_id })
}

fn details(problem: &Problem) -> Option<Value> {
    match problem {
        Problem::Invalid(violations) => {
            let fields: Vec<_> = violations
                .iter()
                .map(|violation| json!({ "field": violation.field, "code": violation.code, "message": violation.message }))
                .collect();
            Some(json!({ "fields": fields }))
        }
        Problem::InsufficientFunds { needed, available } => Some(json!({ "required": needed, "balance": available })),
        Problem::RateLimited { limit, retry_after, .. } => {
            Some(json!({ "limit": limit, "retry_after": retry_after.as_secs() }))
        }
        _ => None,
    }
}

fn has(violations: &[Violation], code: &str) -> bool {
    violations.iter().any(|violation| violation.code == code)
}

/// Code and message, by the contract's table where it has the case.
pub(crate) fn words(problem: &Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::Invalid(violations) if has(violations, IMAGE_FORMAT) => ("INVALID_FORMAT", "Неверный формат"),
        Problem::Invalid(violations) if has(violations, PAYMENT_AMOUNT) => ("INVALID_AMOUNT", "Неверная сумма"),
        Problem::Invalid(_) => ("VALIDATION_ERROR", "Проверьте правильность заполнения полей"),
        Problem::Unauthenticated(AuthFailure::Credentials) => ("INVALID_CREDENTIALS", "Неверный email или пароль"),
        Problem::Unauthenticated(AuthFailure::TokenExpired) => ("TOKEN_EXPIRED", "Токен истёк"),
        Problem::Unauthenticated(AuthFailure::TokenInvalid) => ("TOKEN_INVALID", "Невалидный токен"),
        Problem::Unauthenticated(AuthFailure::Signature) => ("SIGNATURE_INVALID", "Подпись не подтверждена"),
        Problem::Forbidden(_) => ("FORBIDDEN", "Доступ запрещён"),
        Problem::NotFound(Resource::USER) => ("USER_NOT_FOUND", "Пользователь не найден"),
        Problem::NotFound(Resource::TAB) => ("TAB_NOT_FOUND", "Раздел не найден"),
        Problem::NotFound(Resource::TOOL) => ("TOOL_NOT_FOUND", "Инструмент не найден"),
        Problem::NotFound(Resource::SESSION) => ("SESSION_NOT_FOUND", "Сессия не найдена"),
        Problem::NotFound(Resource::IMAGE) => ("IMAGE_NOT_FOUND", "Изображение не найдено"),
        Problem::NotFound(Resource::PAYMENT) => ("PAYMENT_NOT_FOUND", "Платёж не найден"),
        Problem::NotFound(_) | Problem::NoSuchRoute => ("NOT_FOUND", "Адрес не найден"),
        Problem::AlreadyExists(Resource::EMAIL) => ("EMAIL_EXISTS", "Email уже занят"),
        Problem::AlreadyExists(_) => ("ALREADY_EXISTS", "Уже существует"),
        Problem::Conflict(Rule::IdempotencyKeyReused) => {
            ("IDEMPOTENCY_KEY_REUSED", "Ключ идемпотентности уже использован для другого запроса")
        }
        Problem::Conflict(Rule::NoPassword) => ("NO_PASSWORD", "Для этой учётной записи вход по паролю не настроен"),
        Problem::Conflict(Rule::Busy) => ("CONFLICT", "Данные одновременно изменяются, повторите запрос"),
        Problem::Conflict(Rule::InProgress) => ("IN_PROGRESS", "Предыдущая операция ещё не завершена"),
        Problem::Conflict(Rule::NotCompleted) => ("NOT_COMPLETED", "Операция завершилась неудачно, результата нет"),
        Problem::InsufficientFunds { .. } => ("INSUFFICIENT_BALANCE", "Недостаточно Райтов"),
        Problem::RateLimited { .. } => ("RATE_LIMITED", "Слишком много запросов, попробуйте позже"),
        Problem::Failed(Resource::IMAGE) => ("IMAGE_FAILED", "Ошибка генерации изображения, Райты не списаны"),
        Problem::Failed(Resource::PAYMENT) => ("PAYMENT_FAILED", "Платёж не прошёл"),
        Problem::Failed(_) => ("GENERATION_FAILED", "Ошибка генерации, Райты не списаны"),
        Problem::Unavailable(Dependency::Provider) => {
            ("PROVIDER_UNAVAILABLE", "Провайдер недоступен, Райты не списаны")
        }
        Problem::Unavailable(Dependency::PaymentProvider) => {
            ("PROVIDER_UNAVAILABLE", "Платёжная система недоступна, попробуйте позже или выберите другую")
        }
        Problem::Unavailable(_) => ("SERVICE_UNAVAILABLE", "Сервис временно недоступен, попробуйте позже"),
        Problem::Internal => ("INTERNAL_ERROR", "Внутренняя ошибка сервера"),
        Problem::MethodNotAllowed => ("METHOD_NOT_ALLOWED", "Метод не поддерживается"),
        Problem::UnsupportedMediaType => ("UNSUPPORTED_MEDIA_TYPE", "Ожидается application/json"),
        Problem::TooLarge => ("PAYLOAD_TOO_LARGE", "Слишком большой запрос"),
    }
}
