//! `POST /api/v1/auth/register`

use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use super::super::support::{NOON, assert_object_needed};
use super::assert_signed_in;
use crate::world::{Reply, World, request};

const PATH: &str = "/api/v1/auth/register";

async fn register(world: &World, email: &str, password: &str) -> Reply {
    world.post(PATH, None, &json!({ "email": email, "password": password })).await
}

async fn log_in(world: &World, email: &str, password: &str) -> Reply {
    world.post("/api/v1/auth/login", None, &json!({ "email": email, "password": password })).await
}

/// How many users there are.
async fn users(world: &World) -> usize {
    let scan = world.platform.aws.dynamodb().scan().table_name(world.variable("TABLE_NAME"));
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    items.iter().filter(|item| item["sk"].as_s().is_ok_and(|key| key == "PROFILE")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_user_is_signed_in_and_has_100_raits() {
    let world = World::easy_writer().await;
    let reply = register(&world, "user@example.com", "pass123456").await;
    assert_signed_in(&world, &reply, 201, "user@example.com", 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_welcome_gift_is_in_the_books() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let gift = json!({
        "id": user.user.to_string(), "type": "topup", "amount": 100, "description": "Приветственный бонус", "created_at": NOON
    });
    let pagination = json!({ "total": 1, "limit": 20, "offset": 0, "has_more": false });
    let transactions = world.get("/api/v1/user/transactions", &user.token).await;
    world.assert_answer(&transactions, 200, &json!({ "transactions": [gift], "pagination": pagination }));
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_kept_trimmed_and_in_lower_case() {
    let world = World::easy_writer().await;
    let reply = register(&world, "  Иван.User+tag@Example.COM ", "pass123456").await;
    assert_signed_in(&world, &reply, 201, "иван.user+tag@example.com", 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_address_is_refused_in_any_letter_case_and_changes_nothing() {
    let world = World::easy_writer().await;
    let first = world.register("user@example.com").await;
    for taken in ["user@example.com", "USER@EXAMPLE.COM", " User@Example.com\n"] {
        let reply = register(&world, taken, "other123456").await;
        world.assert_refusal(&reply, 400, "EMAIL_EXISTS");
        assert!(reply.cookies.is_empty());
    }
    assert_eq!(users(&world).await, 1);
    assert_eq!(world.balance(&first).await, 100);
    assert_eq!(log_in(&world, "user@example.com", "other123456").await.status, 401);
    assert_eq!(log_in(&world, "user@example.com", "pass123456").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixteen_registrations_of_one_address_at_once_one_succeeds() {
    let world = World::easy_writer().await;
    let emails = ["user@example.com", "User@Example.com"].into_iter().cycle().take(16);
    let replies = join_all(emails.map(|email| register(&world, email, "pass123456"))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 15));
    for reply in lost {
        world.assert_refusal(reply, 400, "EMAIL_EXISTS");
    }
    assert_signed_in(&world, won[0], 201, "user@example.com", 100).await;
    assert_eq!(users(&world).await, 1);
    let again = log_in(&world, "user@example.com", "pass123456").await;
    assert_eq!(again.data()["user"], won[0].data()["user"]);
    let transactions = world.get("/api/v1/user/transactions", again.data()["access_token"].as_str().unwrap()).await;
    assert_eq!(transactions.data()["pagination"]["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_names_its_field() {
    const REQUIRED: &str = "Заполните поле";
    const TYPE: &str = "Недопустимое значение";
    const ADDRESS: &str = "Укажите корректный адрес электронной почты";
    let world = World::easy_writer().await;
    let email = "user@example.com";
    let cases = [
        (json!({ "password": "pass123456" }), ("email", "required", REQUIRED)),
        (json!({ "email": email }), ("password", "required", REQUIRED)),
        (json!({}), ("email", "required", REQUIRED)),
        (json!({ "email": 5, "password": "pass123456" }), ("email", "type", TYPE)),
        (json!({ "email": email, "password": null }), ("password", "type", TYPE)),
        (json!({ "email": email, "password": ["pass123456"] }), ("password", "type", TYPE)),
        (json!({ "email": "", "password": "pass123456" }), ("email", "format", ADDRESS)),
        (json!({ "email": "user", "password": "pass123456" }), ("email", "format", ADDRESS)),
        (json!({ "email": "a\u{0}b@example.com", "password": "pass123456" }), ("email", "format", ADDRESS)),
        (
            json!({ "email": format!("{}@example.com", "a".repeat(65)), "password": "pass123456" }),
            ("email", "format", ADDRESS),
        ),
        (
            json!({ "email": email, "password": "" }),
            ("password", "too_short", "Пароль должен быть не короче 8 символов"),
        ),
        (
            json!({ "email": email, "password": "пароль1" }),
            ("password", "too_short", "Пароль должен быть не короче 8 символов"),
        ),
        (
            json!({ "email": email, "password": "x".repeat(129) }),
            ("password", "too_long", "Пароль должен быть не длиннее 128 символов"),
        ),
    ];
    for (body, field) in cases {
        let reply = world.post(PATH, None, &body).await;
        world.assert_invalid(&reply, &[field]);
        assert!(reply.cookies.is_empty());
    }
    assert_eq!(users(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_of_8_to_128_characters_are_taken_as_they_are() {
    let world = World::easy_writer().await;
    for (email, password) in
        [("a@example.com", "пароль12"), ("b@example.com", &"я".repeat(128)), ("c@example.com", "  spaces ")]
    {
        assert_eq!(register(&world, email, password).await.status, 201);
        assert_eq!(log_in(&world, email, password).await.status, 200);
    }
    assert_eq!(log_in(&world, "c@example.com", "spaces").await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_json_object_is_taken() {
    let world = World::easy_writer().await;
    assert_object_needed(&world, Method::POST, PATH, None).await;
    let with_charset =
        request(Method::POST, PATH, None, &json!({ "email": "user@example.com", "password": "pass123456" }));
    let (mut parts, body) = with_charset.into_parts();
    parts.headers.insert("content-type", "Application/JSON; charset=utf-8".parse().unwrap());
    assert_eq!(world.send(http::Request::from_parts(parts, body)).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_not_taken_for_an_object() {
    let world = World::easy_writer().await;
    let reply = world.post(PATH, None, &json!(["user@example.com", "pass123456"])).await;
    world.assert_invalid(&reply, &[("", "type", "Ожидается объект")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_fields_are_ignored() {
    let world = World::easy_writer().await;
    let body =
        json!({ "email": "user@example.com", "password": "pass123456", "balance": 1_000_000, "provider": "google" });
    let reply = world.post(PATH, None, &body).await;
    assert_signed_in(&world, &reply, 201, "user@example.com", 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_of_the_network_may_register_so_often() {
    let world = World::with_limits("3/60").await;
    let from = async |address: &str, email: &str| {
        let mut request = request(Method::POST, PATH, None, &json!({ "email": email, "password": "pass123456" }));
        request.headers_mut().insert("test-source-ip", address.parse().unwrap());
        // What a client claims about its address does not count.
        request.headers_mut().insert("x-forwarded-for", format!("198.51.100.{}", email.len()).parse().unwrap());
        world.send(request).await
    };
    for (email, status, remaining) in [("a@example.com", 201, 2), ("a@example.com", 400, 1), ("bb@example.com", 201, 0)]
    {
        let reply = from("203.0.113.7", email).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        world.assert_quota(&reply, 3, remaining, 60);
    }
    world.assert_rate_limited(&from("203.0.113.7", "ccc@example.com").await, 3, 60);
    world.clock.advance(59);
    world.assert_rate_limited(&from("203.0.113.7", "ccc@example.com").await, 3, 1);
    assert_eq!(from("203.0.113.8", "other@example.com").await.status, 201);
    for (host, status) in [("1", 201), ("2", 201), ("3", 201), ("4", 429)] {
        let reply = from(&format!("2001:db8:1:2::{host}"), &format!("v6-{host}@example.com")).await;
        assert_eq!(reply.status, status, "hosts of one /64 are one caller: {}", reply.text);
    }
    world.clock.advance(1);
    let reply = from("203.0.113.7", "ccc@example.com").await;
    assert_eq!(reply.status, 201);
    world.assert_quota(&reply, 3, 2, 60);
    assert_eq!(log_in(&world, "ccc@example.com", "pass123456").await.status, 200, "other endpoints are counted apart");
}

/// Registers with an idempotency key.
async fn register_with(world: &World, key: &str, email: &str, password: &str) -> Reply {
    let mut request = request(Method::POST, PATH, None, &json!({ "email": email, "password": password }));
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    world.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_with_the_same_key_signs_the_same_user_in_again() {
    let world = World::easy_writer().await;
    let first = register_with(&world, "key-1", "user@example.com", "pass123456").await;
    let token = first.data()["access_token"].as_str().unwrap().to_owned();
    let tabs = json!({ "input": { "topic": "Осень в городе" }, "mode": "standard" });
    assert_eq!(world.post("/api/v1/tools/essay/execute", Some(&token), &tabs).await.status, 202);
    for email in ["user@example.com", " USER@example.com"] {
        let again = register_with(&world, "key-1", email, "pass123456").await;
        assert_signed_in(&world, &again, 201, "user@example.com", 50).await;
        assert_eq!(again.data()["user"]["id"], first.data()["user"]["id"]);
        assert_ne!(again.refresh_token(), first.refresh_token(), "a sign-in of its own");
    }
    assert_eq!(users(&world).await, 1);
    let elsewhere = register(&world, "user@example.com", "pass123456").await;
    world.assert_refusal(&elsewhere, 400, "EMAIL_EXISTS");
    let other_key = register_with(&world, "key-2", "user@example.com", "pass123456").await;
    world.assert_refusal(&other_key, 400, "EMAIL_EXISTS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_with_another_body_is_refused_and_changes_nothing() {
    let world = World::easy_writer().await;
    register_with(&world, "key-1", "user@example.com", "pass123456").await;
    for (email, password) in [("other@example.com", "pass123456"), ("user@example.com", "guess123456")] {
        let reply = register_with(&world, "key-1", email, password).await;
        world.assert_refusal(&reply, 409, "IDEMPOTENCY_KEY_REUSED");
        assert!(reply.cookies.is_empty());
    }
    assert_eq!(users(&world).await, 1);
    assert_eq!(log_in(&world, "user@example.com", "pass123456").await.status, 200);
    world.clock.advance(24 * 3600 + 1);
    assert_eq!(
        register_with(&world, "key-1", "other@example.com", "pass123456").await.status,
        201,
        "keys are forgotten"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_at_once_open_one_account() {
    let world = World::easy_writer().await;
    let replies = join_all((0..8).map(|_| register_with(&world, "key-1", "user@example.com", "pass123456"))).await;
    for reply in &replies {
        assert_eq!((reply.status, &reply.data()["user"]), (201, &replies[0].data()["user"]));
    }
    assert_eq!(users(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_record_of_a_key_is_the_same_whatever_the_password() {
    let fingerprint = async |password: &str| {
        let world = World::easy_writer().await;
        register_with(&world, "key-1", "user@example.com", password).await;
        let scan = world.platform.aws.dynamodb().scan().table_name(world.variable("TABLE_NAME"));
        let items = scan.send().await.unwrap().items.unwrap_or_default();
        let record = items.iter().find(|item| item["pk"].as_s().is_ok_and(|key| key.starts_with("REQUESTS#"))).unwrap();
        record["fingerprint"].as_s().unwrap().clone()
    };
    assert_eq!(fingerprint("pass123456").await, fingerprint("other123456").await);
}
