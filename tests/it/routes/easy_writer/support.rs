//! What the tests of several endpoints share: whole answers to compare with, and requests that every endpoint refuses.

use std::collections::BTreeSet;

use domain::identity::{AccessToken, TokenIssuer, TokenKeys};
use domain::kernel::{Clock as _, Timestamp, UserId};
use http::{HeaderValue, Method, Request};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::easy_writer::Session;
use crate::world::{Reply, World, request};

/// When worlds begin.
pub(crate) const NOON: &str = "2026-01-15T12:00:00Z";

/// The largest body that is taken.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// What people read beside a code.
fn message(code: &str) -> &'static str {
    match code {
        "VALIDATION_ERROR" => "Проверьте правильность заполнения полей",
        "INVALID_CREDENTIALS" => "Неверный email или пароль",
        "TOKEN_EXPIRED" => "Токен истёк",
        "TOKEN_INVALID" => "Невалидный токен",
        "EMAIL_EXISTS" => "Email уже занят",
        "USER_NOT_FOUND" => "Пользователь не найден",
        "TAB_NOT_FOUND" => "Раздел не найден",
        "TOOL_NOT_FOUND" => "Инструмент не найден",
        "SESSION_NOT_FOUND" => "Сессия не найдена",
        "IMAGE_NOT_FOUND" => "Изображение не найдено",
        "IMAGE_FAILED" => "Ошибка генерации изображения, Райты не списаны",
        "IN_PROGRESS" => "Предыдущая операция ещё не завершена",
        "NOT_COMPLETED" => "Операция завершилась неудачно, результата нет",
        "NOT_FOUND" => "Адрес не найден",
        "METHOD_NOT_ALLOWED" => "Метод не поддерживается",
        "UNSUPPORTED_MEDIA_TYPE" => "Ожидается application/json",
        "PAYLOAD_TOO_LARGE" => "Слишком большой запрос",
        "RATE_LIMITED" => "Слишком много запросов, попробуйте позже",
        "INSUFFICIENT_BALANCE" => "Недостаточно Райтов",
        "GENERATION_FAILED" => "Ошибка генерации, Райты не списаны",
        "PROVIDER_UNAVAILABLE" => "Провайдер недоступен, Райты не списаны",
        "INVALID_AMOUNT" => "Неверная сумма",
        "PAYMENT_NOT_FOUND" => "Платёж не найден",
        "IDEMPOTENCY_KEY_REUSED" => "Ключ идемпотентности уже использован для другого запроса",
        other => panic!("no message for {other}"),
    }
}

/// A frame that tells of a failure.
pub(crate) fn error_frame(code: &str) -> Value {
    json!({ "event": "error", "code": code, "message": message(code) })
}

/// The body of a failure, without its `meta`.
pub(crate) fn error_body(code: &str) -> Value {
    json!({ "code": code, "message": message(code) })
}

impl World {
    fn meta(&self, reply: &Reply) -> Value {
        json!({ "timestamp": self.clock.now().to_string(), "request_id": reply.request_id() })
    }

    /// Asserts a success: status, whole body, content type.
    #[track_caller]
    pub(crate) fn assert_answer(&self, reply: &Reply, status: u16, data: &Value) {
        assert_eq!(reply.status, status, "{}", reply.text);
        assert_eq!(reply.body, json!({ "success": true, "data": data, "meta": self.meta(reply) }));
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }

    /// Asserts a failure without details: status, whole body, headers.
    #[track_caller]
    pub(crate) fn assert_refusal(&self, reply: &Reply, status: u16, code: &str) {
        self.assert_error(reply, status, &error_body(code));
    }

    /// Asserts a failure with details.
    #[track_caller]
    pub(crate) fn assert_refusal_with(&self, reply: &Reply, status: u16, code: &str, details: &Value) {
        let mut error = error_body(code);
        error["details"] = details.clone();
        self.assert_error(reply, status, &error);
    }

    /// Asserts a 400 that names these fields, each with code and message.
    #[track_caller]
    pub(crate) fn assert_invalid(&self, reply: &Reply, fields: &[(&str, &str, &str)]) {
        let field =
            |(field, code, message): &(&str, &str, &str)| json!({ "field": field, "code": code, "message": message });
        let fields: Vec<_> = fields.iter().map(field).collect();
        self.assert_refusal_with(reply, 400, "VALIDATION_ERROR", &json!({ "fields": fields }));
    }

    /// Asserts a 429 and what its headers say about the window.
    #[track_caller]
    pub(crate) fn assert_rate_limited(&self, reply: &Reply, limit: u32, retry_after: u32) {
        let details = json!({ "limit": limit, "retry_after": retry_after });
        self.assert_refusal_with(reply, 429, "RATE_LIMITED", &details);
        assert_eq!(reply.header("retry-after"), Some(retry_after.to_string().as_str()));
        self.assert_quota(reply, limit, 0, retry_after);
    }

    /// Asserts what the headers say about the rate limit.
    #[track_caller]
    pub(crate) fn assert_quota(&self, reply: &Reply, limit: u32, remaining: u32, resets_in: u32) {
        let reset = self.clock.now().as_second() + i64::from(resets_in);
        assert_eq!(reply.header("x-ratelimit-limit"), Some(limit.to_string().as_str()), "{:?}", reply.headers);
        assert_eq!(reply.header("x-ratelimit-remaining"), Some(remaining.to_string().as_str()));
        assert_eq!(reply.header("x-ratelimit-reset"), Some(reset.to_string().as_str()));
    }

    #[track_caller]
    fn assert_error(&self, reply: &Reply, status: u16, error: &Value) {
        assert_eq!(reply.status, status, "{}", reply.text);
        assert_eq!(reply.body, json!({ "success": false, "error": error, "meta": self.meta(reply) }));
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("www-authenticate"), (status == 401).then_some("Bearer"));
        assert_eq!(reply.header("retry-after").is_some(), matches!(status, 429 | 503));
    }

    /// The keys of the stored objects that begin so.
    pub(crate) async fn objects_under(&self, prefix: &str) -> Vec<String> {
        self.objects().await.into_iter().filter(|key| key.starts_with(prefix)).collect()
    }

    /// The keys of all stored objects.
    pub(crate) async fn objects(&self) -> Vec<String> {
        let bucket = self.variable("BUCKET_NAME");
        let listed = self.platform.aws.s3().list_objects_v2().bucket(bucket).send().await.unwrap();
        listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
    }
}

/// An access token for `user` that `product` signed with `keys`, `age` seconds ago.
pub(crate) fn access_token(world: &World, product: &'static str, keys: &str, user: UserId, age: i64) -> String {
    let issuer = TokenIssuer::new(product, keys.parse::<TokenKeys>().unwrap());
    let signed_at = Timestamp::from_second(world.clock.now().as_second() - age).unwrap();
    issuer.sign_access(AccessToken { user, family: Uuid::from_u128(1) }, signed_at).unwrap()
}

/// Access tokens of all kinds that do not prove anything, with the code that each gets.
pub(crate) fn bad_tokens(world: &World, user: &Session) -> Vec<(String, &'static str)> {
    const OTHER_KEYS: &str = "other-secret-other-secret-other-secret";
    let parts: Vec<_> = user.token.split('.').collect();
    let other = access_token(world, "easy-writer", world.token_keys(), Uuid::from_u128(7).into(), 0);
    let others_claims = other.split('.').nth(1).unwrap();
    let unsigned_header = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let invalid = [
        String::new(),
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        format!("{}.{others_claims}.{}", parts[0], parts[2]),
        format!("{unsigned_header}.{}.", parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        user.token[..user.token.len() - 2].to_owned(),
        user.refresh.clone(),
        access_token(world, "easy-writer", OTHER_KEYS, user.user, 0),
        access_token(world, "novels", world.token_keys(), user.user, 0),
    ];
    let expired = access_token(world, "easy-writer", world.token_keys(), user.user, 900);
    invalid.into_iter().map(|token| (token, "TOKEN_INVALID")).chain([(expired, "TOKEN_EXPIRED")]).collect()
}

/// Asserts that nothing but an access token opens an endpoint.
pub(crate) async fn assert_token_needed(world: &World, user: &Session, method: Method, path: &str, body: &Value) {
    let plain = request(method, path, None, body);
    world.assert_refusal(&world.send(plain.clone()).await, 401, "TOKEN_INVALID");
    let bad = bad_tokens(world, user).into_iter().map(|(token, code)| (format!("Bearer {token}"), code));
    let other_schemes = [format!("Basic {}", user.token), user.token.clone()].map(|header| (header, "TOKEN_INVALID"));
    for (header, code) in bad.chain(other_schemes) {
        let mut request = plain.clone();
        request.headers_mut().insert("authorization", HeaderValue::from_str(&header).unwrap());
        world.assert_refusal(&world.send(request).await, 401, code);
    }
}

/// Asserts that an endpoint takes nothing but a JSON object of a reasonable size. None of its fields may be optional.
pub(crate) async fn assert_object_needed(world: &World, method: Method, path: &str, token: Option<&str>) {
    const MALFORMED: (&str, &str, &str) = ("", "malformed", "Тело запроса не является корректным JSON");
    let send = async |content_type: Option<&str>, body: String| {
        let mut request = Request::builder().method(&method).uri(path);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        world.send(request.body(body).unwrap()).await
    };
    let json = Some("application/json");
    for malformed in ["", " ", "{", r#"{"a""#, "nonsense", r#"{"a":1,}"#, "{'a':1}"] {
        world.assert_invalid(&send(json, malformed.to_owned()).await, &[MALFORMED]);
    }
    for other in ["null", "true", "5", r#""text""#, "[]"] {
        world.assert_invalid(&send(json, other.to_owned()).await, &[("", "type", "Ожидается объект")]);
    }
    for other in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonp")] {
        world.assert_refusal(&send(other, "{}".to_owned()).await, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    world.assert_invalid(&send(json, " ".repeat(MAX_BODY_BYTES)).await, &[MALFORMED]);
    world.assert_refusal(&send(json, " ".repeat(MAX_BODY_BYTES + 1)).await, 413, "PAYLOAD_TOO_LARGE");
}

/// Asserts that a path has these methods and no others.
pub(crate) async fn assert_methods(world: &World, path: &str, allowed: &[&str]) {
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        if allowed.contains(&method) {
            continue;
        }
        let request = Request::builder().method(method).uri(path).body(String::new()).unwrap();
        let reply = world.send(request).await;
        world.assert_refusal(&reply, 405, "METHOD_NOT_ALLOWED");
        let allow: BTreeSet<_> = reply.header("allow").unwrap_or_default().split(',').map(str::trim).collect();
        assert_eq!(allow, allowed.iter().copied().collect(), "{path}");
    }
}

/// A page of a list: how many items, whether others follow, and where it is.
pub(crate) async fn page(world: &World, token: &str, path: &str, list: &str) -> (Vec<Value>, Value) {
    let reply = world.get(path, token).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    let items = reply.data()[list].as_array().unwrap().clone();
    let pagination = reply.data()["pagination"].clone();
    world.assert_answer(&reply, 200, &json!({ list: items, "pagination": pagination }));
    (items, pagination)
}

/// Asserts that pages show `all` items, exactly, wherever they are cut.
pub(crate) async fn assert_pages(world: &World, token: &str, path: &str, list: &str, usual: usize, all: &[Value]) {
    let total = all.len();
    let mut cuts =
        vec![(None, None), (Some(100), None), (Some(1), Some(total.saturating_sub(1))), (None, Some(10_000))];
    for limit in [1, 7, usual, total.clamp(1, 100), (total + 1).min(100)] {
        cuts.extend(
            [0, 1, limit, total.saturating_sub(limit), total, total + 1].map(|offset| (Some(limit), Some(offset))),
        );
    }
    for (limit, offset) in cuts {
        let query = [limit.map(|limit| format!("limit={limit}")), offset.map(|offset| format!("offset={offset}"))];
        let query = query.into_iter().flatten().collect::<Vec<_>>().join("&");
        let (limit, offset) = (limit.unwrap_or(usual), offset.unwrap_or(0));
        let (items, pagination) = page(world, token, &format!("{path}?{query}"), list).await;
        let wanted: Vec<_> = all.iter().skip(offset).take(limit).cloned().collect();
        assert_eq!(items, wanted, "{query}");
        let has_more = !wanted.is_empty() && offset + wanted.len() < total;
        let where_it_is = json!({ "total": total, "limit": limit, "offset": offset, "has_more": has_more });
        assert_eq!(pagination, where_it_is, "{query}");
    }
}

/// Asserts that a list refuses pages that cannot be, naming what is wrong with them.
pub(crate) async fn assert_page_bounds(world: &World, token: &str, path: &str) {
    const LIMIT: (&str, &str, &str) = ("limit", "range", "Ожидается целое число от 1 до 100");
    const OFFSET: (&str, &str, &str) = ("offset", "range", "Ожидается целое число от 0 до 10000");
    for limit in ["0", "101", "-1", "x", "", "1.5", "1e1", "4294967296", "%20", "%EF%BC%91"] {
        world.assert_invalid(&world.get(&format!("{path}?limit={limit}"), token).await, &[LIMIT]);
    }
    for offset in ["10001", "-1", "x", "", "0.5", "4294967296"] {
        world.assert_invalid(&world.get(&format!("{path}?offset={offset}"), token).await, &[OFFSET]);
    }
    assert_eq!(world.get(&format!("{path}?limit=100&offset=10000&unknown=1"), token).await.status, 200);
}

/// Asserts that a list refuses a number that is given twice, and says which.
pub(crate) async fn assert_no_repeats(world: &World, token: &str, path: &str) {
    for (query, field) in [("limit=1&limit=2", "limit"), ("offset=1&offset=2", "offset")] {
        let reply = world.get(&format!("{path}?{query}"), token).await;
        assert_eq!(reply.failure(), (400, "VALIDATION_ERROR"));
        assert_eq!(reply.body["error"]["details"]["fields"][0]["field"], field, "{}", reply.text);
    }
}
