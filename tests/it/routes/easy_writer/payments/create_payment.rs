//! `POST /api/v1/payments/create`

use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::{PROVIDERS, create, status, world};
use crate::easy_writer::Session;
use crate::world::{Reply, World, request};

const PATH: &str = "/api/v1/payments/create";

fn body(amount: &Value, provider: &str) -> Value {
    json!({ "amount_rub": amount, "provider": provider })
}

async fn with_key(world: &World, user: &Session, key: &str, body: &Value) -> Reply {
    let mut request = request(Method::POST, PATH, Some(&user.token), body);
    request.headers_mut().insert("idempotency-key", HeaderValue::from_str(key).unwrap());
    world.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_provider_makes_a_page_where_the_payment_is_paid() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let hosts =
        ["https://yoomoney.example/", "https://auth.robokassa.ru/", "https://orders.example/", "https://pay.example/"];
    for (provider, host) in PROVIDERS.into_iter().zip(hosts) {
        let reply = create(&world, &user, provider).await;
        let payment = reply.data()["payment_id"].as_str().unwrap().to_owned();
        let url = reply.data()["payment_url"].as_str().unwrap().to_owned();
        assert!(url.starts_with(host), "{url}");
        let view = json!({
            "payment_id": payment, "payment_url": url, "amount_rub": 500, "amount_raits": 5000,
            "expires_at": "2026-01-15T13:00:00Z"
        });
        world.assert_answer(&reply, 200, &view);
        assert_eq!(status(&world, &user, &payment).await["status"], "pending");
    }
    assert_eq!(world.balance(&user).await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_amount_that_will_not_do_is_refused() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    for amount in [json!(99), json!(0), json!(-100), json!(100.5), json!(300_001), json!(1e300), json!(u64::MAX)] {
        let reply = world.post(PATH, Some(&user.token), &body(&amount, "tbank")).await;
        let message = "Ожидается целое число рублей от 100 до 300000";
        let field = json!({ "field": "amount_rub", "code": "payment_amount", "message": message });
        world.assert_refusal_with(&reply, 400, "INVALID_AMOUNT", &json!({ "fields": [field] }));
    }
    for amount in [100, 300_000] {
        let reply = world.post(PATH, Some(&user.token), &body(&json!(amount), "robokassa")).await;
        assert_eq!(reply.data()["amount_raits"], amount * 10);
    }
    assert_eq!(bank.calls(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_not_a_payment_names_what_is_wrong() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let cases = [
        (json!({ "provider": "tbank" }), ("amount_rub", "required", "Заполните поле")),
        (json!({ "amount_rub": 500 }), ("provider", "required", "Заполните поле")),
        (body(&json!("500"), "tbank"), ("amount_rub", "type", "Недопустимое значение")),
        (body(&json!(500), "paypal"), ("provider", "not_allowed", "Платёжная система не подключена")),
        (body(&json!(500), ""), ("provider", "not_allowed", "Платёжная система не подключена")),
    ];
    for (body, wrong) in cases {
        world.assert_invalid(&world.post(PATH, Some(&user.token), &body).await, &[wrong]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_key_gets_the_same_answer() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    let order = body(&json!(500), "tbank");
    let first = with_key(&world, &user, "key", &order).await;
    world.clock.advance(30);
    let again = with_key(&world, &user, "key", &order).await;
    assert_eq!(first.data(), again.data());
    assert_eq!(bank.calls(), 1);
    let other = with_key(&world, &user, "key", &body(&json!(501), "tbank")).await;
    world.assert_refusal(&other, 409, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_refuses_or_is_silent_is_told_apart() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    let order = body(&json!(500), "yookassa");
    bank.breaks(Some(401));
    let refused = world.post(PATH, Some(&user.token), &order).await;
    assert_eq!(refused.failure(), (400, "PAYMENT_FAILED"));
    bank.breaks(Some(500));
    let silent = with_key(&world, &user, "key", &order).await;
    assert_eq!(silent.failure(), (503, "PROVIDER_UNAVAILABLE"));
    assert_eq!(silent.header("retry-after"), Some("5"));
    bank.breaks(None);
    assert_eq!(with_key(&world, &user, "key", &order).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_limited() {
    let world = World::with_limits("2/60").await;
    let user = world.register("user@example.com").await;
    let order = body(&json!(1), "tbank");
    for remaining in [1, 0] {
        world.assert_quota(&world.post(PATH, Some(&user.token), &order).await, 2, remaining, 60);
    }
    world.assert_rate_limited(&world.post(PATH, Some(&user.token), &order).await, 2, 60);
}
