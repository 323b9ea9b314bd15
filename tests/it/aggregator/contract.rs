//! The contract's own examples: every field that it shows is in our answers, of the same kind, under the same name.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Site, chat_request, text};
use crate::world::{request, serve};

/// Asserts that `answer` has all that `example` has: the same fields with values of the same kind. It may have more.
#[track_caller]
pub fn assert_like(example: &Value, answer: &Value) {
    assert_like_at("", example, answer);
}

#[track_caller]
fn assert_like_at(path: &str, example: &Value, answer: &Value) {
    match (example, answer) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, example) in fields {
                assert_like_at(&format!("{path}.{name}"), example, &answer[name]);
            }
        }
        (Value::Array(examples), Value::Array(items)) => {
            let example = examples.first().expect("an example of an item");
            assert!(!items.is_empty(), "{path} is empty");
            for item in items {
                assert_like_at(&format!("{path}[]"), example, item);
            }
        }
        (Value::String(example), Value::String(answer)) => {
            let time = |text: &str| text.parse::<jiff::Timestamp>().is_ok() && text.len() == 24 && text.ends_with('Z');
            assert!(!time(example) || time(answer), "{path} is no time as the contract writes it: {answer}");
        }
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) | (Value::Null, _) => {}
        _ => panic!("{path} is {answer} and not like {example}"),
    }
}

fn signed_in(is_verified: bool) -> Value {
    json!({
        "accessToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
        "refreshToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
        "tokenType": "Bearer",
        "expiresIn": 3600,
        "company": {
            "id": "company-uuid", "email": "admin@company.com", "name": "My Company", "role": "company",
            "isVerified": is_verified
        }
    })
}

/// What the example says word for word.
#[track_caller]
fn assert_same(example: &Value, answer: &Value, fields: &[&str]) {
    for field in fields {
        assert_eq!(answer.pointer(field), example.pointer(field), "{field}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_registers_and_signs_in_as_the_contract_shows() {
    let site = Site::new("0").await;
    let words = ["/tokenType", "/expiresIn", "/company/email", "/company/name", "/company/role", "/company/isVerified"];
    let body = json!({
        "email": "admin@company.com", "password": "securepassword123", "name": "My Company",
        "description": "AI-powered company"
    });
    // The same request again is another site's first.
    let other = body.to_string().replace("admin@", "another@").parse().expect("JSON");
    let (status, registered) = site.call(Method::POST, "/api/v1/auth/register", "", &other).await;
    assert_eq!(status, 201);
    assert_like(&signed_in(false), &registered);
    assert_eq!(text(&registered["accessToken"]).split('.').count(), 3, "a JWT");
    assert_same(&signed_in(false), &registered, &["/tokenType", "/expiresIn", "/company/role", "/company/isVerified"]);

    let link = site.letter().await;
    assert_eq!(site.call(Method::GET, &link, "", &Value::Null).await.0, 200);
    let body = json!({ "email": "another@company.com", "password": "securepassword123" });
    let (status, answer) = site.call(Method::POST, "/api/v1/auth/login", "", &body).await;
    assert_eq!(status, 200);
    assert_like(&signed_in(true), &answer);
    let mut wanted = signed_in(true);
    wanted["company"]["email"] = "another@company.com".into();
    assert_same(&wanted, &answer, &words);

    let renew = json!({ "refreshToken": answer["refreshToken"] });
    let (status, renewed) = site.call(Method::POST, "/api/v1/auth/refresh", "", &renew).await;
    assert_eq!((status, &renewed["tokenType"], &renewed["expiresIn"]), (200, &json!("Bearer"), &json!(3600)));
    let token = text(&renewed["accessToken"]);
    assert_eq!(site.call(Method::GET, "/api/v1/billing/balance", &token, &Value::Null).await.0, 200);
    // An hour, and no longer.
    site.clock.advance(3600);
    let (status, refusal) = site.call(Method::GET, "/api/v1/billing/balance", &token, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (401, &json!("token_expired")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_curl_lines_work_as_they_are() {
    let site = Site::new("10").await;
    let body = json!({ "email": "nameless@other-company.com", "password": "securepassword123" });
    let (status, registered) = site.call(Method::POST, "/api/v1/auth/register", "", &body).await;
    assert_eq!((status, &registered["company"]["name"]), (201, &json!("other-company.com")));
    let body = json!({ "model": "good", "messages": [{ "role": "user", "content": "Привет!" }] });
    let (status, answer) = site.call(Method::POST, "/api/v1/chat/completions", &site.token, &body).await;
    assert_eq!((status, &answer["object"]), (200, &json!("chat.completion")), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_made_as_the_contract_shows() {
    let site = Site::new("0").await;
    let body = json!({ "name": "Production API Key", "permissions": ["chat", "billing", "analytics"] });
    let (status, made) = site.call(Method::POST, "/api/v1/auth/api-keys", &site.token, &body).await;
    let example = json!({
        "id": "api-key-uuid",
        "name": "Production API Key",
        "key": "ak_live_1234567890abcdef",
        "isActive": true,
        "permissions": ["chat", "billing", "analytics"],
        "createdAt": "2023-12-01T12:00:00.000Z",
        "expiresAt": "2024-12-01T12:00:00.000Z"
    });
    assert_eq!(status, 201);
    assert_like(&example, &made);
    assert_same(&example, &made, &["/name", "/isActive", "/permissions"]);
    assert!(text(&made["key"]).starts_with("ak_live_"));
    // A year, a leap day more where there is one.
    assert_eq!(
        (&made["createdAt"], &made["expiresAt"]),
        (&json!("2026-01-15T12:00:00.000Z"), &json!("2027-01-16T12:00:00.000Z"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_and_its_stream_are_answered_as_the_contract_shows() {
    let site = Site::new("10").await;
    let body = json!({
        "model": "good", "messages": [{ "role": "user", "content": "Привет! Как дела?" }], "temperature": 0.7,
        "max_tokens": 1000, "stream": false
    });
    let example = json!({
        "id": "chatcmpl-123", "object": "chat.completion", "created": 1_677_652_288, "model": "gpt-4",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": "Привет! У меня все отлично, спасибо за вопрос!" },
            "finish_reason": "stop"
        }],
        "usage": { "prompt_tokens": 10, "completion_tokens": 15, "total_tokens": 25 },
        "cost": 0.00125, "provider": "openai"
    });
    for bearer in [&site.key, &site.token] {
        let (status, answer) = site.call(Method::POST, "/api/v1/chat/completions", bearer, &body).await;
        assert_eq!(status, 200, "{answer}");
        assert_like(&example, &answer);
        assert_same(
            &example,
            &answer,
            &["/object", "/choices/0/message/role", "/choices/0/finish_reason", "/provider"],
        );
        assert!(text(&answer["id"]).starts_with("chatcmpl-"));
    }

    let body = json!({ "model": "good", "messages": [{ "role": "user", "content": "Расскажи длинную историю" }], "stream": true });
    let answer = site.ask(Method::POST, "/api/v1/chat/completions", &site.key, &body).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    let frames = super::frames(&answer.text);
    let (done, pieces) = frames.split_last().expect("frames");
    assert_eq!(done, "[DONE]");
    let example = json!({
        "id": "chatcmpl-123", "object": "chat.completion.chunk", "created": 1_677_652_288, "model": "gpt-4",
        "choices": [{ "index": 0, "delta": {}, "finish_reason": null }]
    });
    let pieces: Vec<Value> = pieces.iter().map(|piece| serde_json::from_str(piece).expect("JSON")).collect();
    let mut told = String::new();
    for piece in &pieces {
        assert_like(&example, piece);
        assert_eq!((&piece["object"], &piece["id"]), (&json!("chat.completion.chunk"), &pieces[0]["id"]));
        told.push_str(piece["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
    assert_eq!(pieces[0]["choices"][0]["delta"]["role"], "assistant");
    assert!(!told.is_empty() && pieces.len() > 1, "{pieces:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_are_listed_as_the_contract_shows() {
    let site = Site::with("0", &[("AggregatorModels", "")]).await;
    let models = site.get("/api/v1/models").await;
    let example = json!({ "data": [{
        "id": "gpt-4", "name": "GPT-4", "provider": "openai", "context_length": 8192,
        "input_cost_per_token": 0.00003, "output_cost_per_token": 0.00006,
        "supported_features": ["chat", "completion", "function_calling"], "is_available": true
    }] });
    assert_like(&example, &models);
    let found =
        |id: &str| models["data"].as_array().expect("models").iter().find(|model| model["id"] == id).expect("a model");
    let fields = ["/name", "/provider", "/context_length", "/input_cost_per_token", "/output_cost_per_token"];
    assert_same(&example["data"][0], found("gpt-4"), &fields);
    let claude = json!({
        "name": "Claude 3 Sonnet", "provider": "anthropic", "context_length": 200_000, "input_cost_per_token": 0.000_003,
        "output_cost_per_token": 0.000_015
    });
    assert_same(&claude, found("claude-3-sonnet"), &fields);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn balance_and_transactions_are_as_the_contract_shows() {
    let site = Site::new("100.5").await;
    let balance = site.get("/api/v1/billing/balance").await;
    let example = json!({
        "companyId": "company-uuid", "balance": 100.50, "currency": "USD", "creditLimit": 1000.00,
        "lastUpdated": "2023-12-01T12:00:00.000Z"
    });
    assert_like(&example, &balance);
    assert_same(&example, &balance, &["/balance", "/currency"]);
    assert_eq!(balance["companyId"], site.company.to_string());

    site.chat("good", Value::Null).await;
    let example = json!({
        "data": [{
            "id": "transaction-uuid", "type": "DEBIT", "amount": 0.00125, "currency": "USD", "description": "GPT-4 usage",
            "metadata": { "model": "gpt-4", "provider": "openai", "tokens": 25 },
            "createdAt": "2023-12-01T12:00:00.000Z"
        }],
        "pagination": { "page": 1, "limit": 20, "total": 150, "totalPages": 8 }
    });
    let debits = site.get("/api/v1/billing/transactions?type=DEBIT").await;
    assert_like(&example, &debits);
    assert_same(&example, &debits, &["/data/0/type", "/data/0/currency", "/pagination/page", "/pagination/limit"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_told_as_the_contract_shows() {
    let site = Site::new("1").await;
    site.chat("good", Value::Null).await;
    site.count().await;
    let example = json!({
        "period": { "startDate": "2023-12-01T00:00:00.000Z", "endDate": "2023-12-31T23:59:59.999Z" },
        "summary": { "totalRequests": 1500, "totalTokens": 45000, "totalCost": 12.50, "averageResponseTime": 1.2 },
        "byProvider": [{ "provider": "openai", "requests": 800, "tokens": 25000, "cost": 8.50 }],
        "byModel": [{ "model": "gpt-4", "requests": 500, "tokens": 15000, "cost": 6.00 }],
        "timeline": [{ "date": "2023-12-01", "requests": 50, "tokens": 1500, "cost": 0.42 }]
    });
    let usage =
        site.get("/api/v1/analytics/usage?startDate=2026-01-01T00:00:00.000Z&endDate=2026-01-31T23:59:59.999Z").await;
    assert_like(&example, &usage);
    let period = json!({ "startDate": "2026-01-01T00:00:00.000Z", "endDate": "2026-01-31T23:59:59.999Z" });
    assert_eq!(usage["period"], period);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_has_the_fields_that_the_contract_shows() {
    let site = Site::new("0").await;
    let example = json!({
        "statusCode": 400, "message": "Validation failed", "error": "Bad Request",
        "details": [{ "field": "email", "message": "Invalid email format" }],
        "timestamp": "2023-12-01T12:00:00.000Z", "path": "/api/v1/auth/register"
    });
    let body = json!({ "email": "nobody", "password": "securepassword123" });
    let (status, refusal) = site.call(Method::POST, "/api/v1/auth/register", "", &body).await;
    assert_eq!(status, 400);
    assert_like(&example, &refusal);
    assert_same(&example, &refusal, &["/statusCode", "/error", "/details/0/field", "/path"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_are_those_of_the_contract() {
    let site = Site::new("0").await;
    let ask = async |name: &'static str, value: &str| {
        let mut models = request(Method::GET, "/api/v1/models", None, &Value::Null);
        for (name, value) in [("accept", "application/json"), ("x-request-id", "request-7"), (name, value)] {
            models.headers_mut().insert(name, value.parse().unwrap());
        }
        site.send(models).await
    };
    for (name, value) in [
        ("authorization", format!("Bearer {}", site.token)),
        ("x-api-key", site.key.clone()),
        // As clients of OpenAI send it.
        ("authorization", format!("Bearer {}", site.key)),
    ] {
        let answer = ask(name, &value).await;
        assert_eq!(answer.status, 200, "{name}");
        let headers = ["content-type", "x-request-id"].map(|name| answer.header(name));
        assert_eq!(headers, [Some("application/json"), Some("request-7")]);
    }
    for (name, value) in [("authorization", "Bearer x"), ("x-api-key", "ak_live_x"), ("accept", "*/*")] {
        assert_eq!(ask(name, value).await.status, 401, "{name}");
    }
    let mut plain = request(Method::POST, "/v1/chat/completions", Some(&site.key), &chat_request("good", Value::Null));
    plain.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(site.send(plain).await.status, 415);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deposits_and_payments_are_as_the_contract_shows() {
    let site = Site::new("0").await;
    let body = json!({ "amount": 50.00, "currency": "USD", "paymentMethod": "card" });
    let example = json!({
        "transactionId": "transaction-uuid", "amount": 50.00, "currency": "USD", "status": "pending",
        "paymentUrl": "https://payment.example.com/pay/123"
    });
    let (_, deposit) = site.call(Method::POST, "/api/v1/billing/deposit", &site.token, &body).await;
    assert_like(&example, &deposit);
    assert_same(&example, &deposit, &["/currency", "/status"]);

    let body = json!({ "amount": 1000.00, "currency": "RUB", "description": "Пополнение баланса" });
    let example = json!({
        "id": "payment-uuid", "status": "pending", "confirmationUrl": "https://yookassa.ru/payment/123",
        "amount": "1000.00", "currency": "RUB"
    });
    let (_, made) = site.call(Method::POST, "/api/v1/payments", &site.token, &body).await;
    assert_like(&example, &made);
    assert_same(&example, &made, &["/status", "/amount", "/currency"]);

    let page = text(&made["confirmationUrl"]);
    assert_eq!(site.client().post(format!("{page}/pay")).send().await.expect("answer").status(), 200);
    let example = json!({
        "id": "payment-uuid", "status": "succeeded", "amount": "1000.00", "currency": "RUB",
        "yookassaId": "yookassa-payment-id", "createdAt": "2023-12-01T12:00:00.000Z", "paidAt": "2023-12-01T12:05:00.000Z"
    });
    let paid = site.get(&format!("/api/v1/payments/{}", text(&made["id"]))).await;
    assert_like(&example, &paid);
    assert_same(&example, &paid, &["/status", "/amount", "/currency"]);

    let example = json!({
        "data": [{
            "id": "payment-uuid", "status": "succeeded", "amount": "1000.00", "currency": "RUB",
            "createdAt": "2023-12-01T12:00:00.000Z", "paidAt": "2023-12-01T12:05:00.000Z"
        }],
        "pagination": { "page": 1, "limit": 20, "total": 1, "totalPages": 1 }
    });
    let payments = site.get("/api/v1/payments?page=1&limit=20&status=succeeded").await;
    assert_like(&example, &payments);
    assert_same(&example, &payments, &["/pagination", "/data/0/status", "/data/0/amount", "/data/0/currency"]);
}

/// What a company's server was sent, as it came.
async fn receiver() -> (String, Arc<Mutex<Vec<String>>>) {
    let got = Arc::<Mutex<Vec<String>>>::default();
    let keep = Arc::clone(&got);
    let receive = move |body: String| async move { keep.lock().expect("bodies").push(body) };
    let url = serve(Router::new().route("/webhooks/ai-aggregator", post(receive))).await;
    (format!("{url}/webhooks/ai-aggregator"), got)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_told_as_the_contract_shows() {
    let (url, got) = receiver().await;
    let site = Site::new("1").await;
    let body = json!({
        "url": url, "events": ["payment.succeeded", "payment.failed", "usage.tracked"], "secret": "your-webhook-secret"
    });
    let (status, made) = site.call(Method::POST, "/api/v1/webhooks", &site.token, &body).await;
    assert_eq!(status, 201, "{made}");
    assert_like(&body, &made);

    let told = async || {
        site.drain("WebhookQueue").await;
        let [told] = &std::mem::take(&mut *got.lock().expect("bodies"))[..] else { panic!("one event") };
        serde_json::from_str::<Value>(told).expect("JSON")
    };
    let pay = async |action: &str| {
        let order = json!({ "amount": 1000.00, "currency": "RUB" });
        let (_, made) = site.call(Method::POST, "/api/v1/payments", &site.token, &order).await;
        let page = text(&made["confirmationUrl"]);
        assert_eq!(site.client().post(format!("{page}/{action}")).send().await.expect("answer").status(), 200);
        text(&made["id"])
    };
    let mut example = json!({
        "id": "webhook-uuid", "event": "payment.succeeded",
        "data": { "paymentId": "payment-uuid", "amount": "1000.00", "currency": "RUB", "status": "succeeded" },
        "timestamp": "2023-12-01T12:00:00.000Z", "signature": "sha256=abc123..."
    });
    let words = ["/event", "/data/paymentId", "/data/amount", "/data/currency", "/data/status"];
    example["data"]["paymentId"] = pay("pay").await.into();
    let event = told().await;
    assert_like(&example, &event);
    assert_same(&example, &event, &words);
    assert_eq!(text(&event["signature"]).len(), "sha256=".len() + 64);

    (example["event"], example["data"]["status"]) = ("payment.failed".into(), "canceled".into());
    example["data"]["paymentId"] = pay("cancel").await.into();
    let event = told().await;
    assert_like(&example, &event);
    assert_same(&example, &event, &["/event", "/data/paymentId", "/data/amount", "/data/currency"]);

    // The notice of this one gets lost, and the provider is asked.
    (example["event"], example["data"]["status"]) = ("payment.succeeded".into(), "succeeded".into());
    example["data"]["paymentId"] = pay("pay-later").await.into();
    site.clock.advance(6 * 60);
    site.run_schedule("reconciliation-cron").await.expect("reconciliation");
    assert_same(&example, &told().await, &words);

    site.chat("good", Value::Null).await;
    site.count().await;
    let event = told().await;
    assert_like(
        &json!({ "id": "x", "event": "usage.tracked", "data": {}, "timestamp": "2023-12-01T12:00:00.000Z", "signature": "sha256=" }),
        &event,
    );
    assert_eq!(event["event"], "usage.tracked");
}
