//! `POST /api/v1/auth/login`

use std::collections::HashSet;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use super::assert_signed_in;
use crate::world::{Reply, World, request};

const PATH: &str = "/api/v1/auth/login";

async fn log_in(world: &World, email: &str, password: &str) -> Reply {
    world.post(PATH, None, &json!({ "email": email, "password": password })).await
}

async fn log_in_from(world: &World, address: &str, email: &str, password: &str) -> Reply {
    let mut request = request(Method::POST, PATH, None, &json!({ "email": email, "password": password }));
    request.headers_mut().insert("test-source-ip", address.parse().unwrap());
    world.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_password_signs_in_and_tells_the_balance() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.start_essay(&user).await;
    assert_signed_in(&world, &log_in(&world, "user@example.com", "pass123456").await, 200, "user@example.com", 50)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_may_be_in_any_letter_case() {
    let world = World::easy_writer().await;
    world.register("user@example.com").await;
    for email in ["USER@example.COM", " user@example.com "] {
        assert_signed_in(&world, &log_in(&world, email, "pass123456").await, 200, "user@example.com", 100).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_is_answered_as_a_wrong_password_is() {
    let world = World::easy_writer().await;
    world.register("user@example.com").await;
    let long = "x".repeat(10_000);
    let wrong = [
        ("user@example.com", "pass123457"),
        ("user@example.com", "PASS123456"),
        ("user@example.com", " pass123456"),
        ("user@example.com", ""),
        ("user@example.com", &long),
        ("nobody@example.com", "pass123456"),
        ("nobody", "pass123456"),
        ("", ""),
    ];
    for (email, password) in wrong {
        let reply = log_in(&world, email, password).await;
        world.assert_refusal(&reply, 401, "INVALID_CREDENTIALS");
        assert!(reply.cookies.is_empty(), "{:?}", reply.cookies);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_names_its_field() {
    let world = World::easy_writer().await;
    let cases = [
        (json!({ "password": "pass123456" }), ("email", "required", "Заполните поле")),
        (json!({ "email": "user@example.com" }), ("password", "required", "Заполните поле")),
        (json!({ "email": null, "password": "pass123456" }), ("email", "type", "Недопустимое значение")),
        (json!({ "email": "user@example.com", "password": 123_456 }), ("password", "type", "Недопустимое значение")),
    ];
    for (body, field) in cases {
        world.assert_invalid(&world.post(PATH, None, &body).await, &[field]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sign_in_ends_on_its_own() {
    let world = World::easy_writer().await;
    let first = world.register("user@example.com").await;
    let second = log_in(&world, "user@example.com", "pass123456").await.refresh_token();
    assert_eq!(world.post_with_cookie("/api/v1/auth/logout", &first.refresh).await.status, 200);
    let gone = world.post_with_cookie("/api/v1/auth/refresh", &first.refresh).await;
    world.assert_refusal(&gone, 401, "TOKEN_INVALID");
    assert_eq!(world.post_with_cookie("/api/v1/auth/refresh", &second).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_at_once_get_tokens_of_their_own() {
    let world = World::easy_writer().await;
    world.register("user@example.com").await;
    let replies = join_all((0..8).map(|_| log_in(&world, "user@example.com", "pass123456"))).await;
    assert_eq!(replies.iter().map(Reply::refresh_token).collect::<HashSet<_>>().len(), 8);
    for reply in replies {
        assert_signed_in(&world, &reply, 200, "user@example.com", 100).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_can_only_be_guessed_so_often() {
    let world = World::with_limits("3/60").await;
    world.register("user@example.com").await;
    for remaining in [2, 1, 0] {
        let reply = log_in(&world, "user@example.com", "guess123456").await;
        world.assert_refusal(&reply, 401, "INVALID_CREDENTIALS");
        world.assert_quota(&reply, 3, remaining, 60);
    }
    let right_but_late = log_in(&world, "user@example.com", "pass123456").await;
    world.assert_rate_limited(&right_but_late, 3, 60);
    assert!(right_but_late.cookies.is_empty());
    world.clock.advance(60);
    let reply = log_in(&world, "user@example.com", "pass123456").await;
    assert_eq!(reply.status, 200);
    world.assert_quota(&reply, 3, 2, 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_lock_somebody_else_out() {
    let world = World::with_limits("3/60").await;
    world.register("user@example.com").await;
    for attempt in 0..20 {
        let spelling = if attempt % 2 == 0 { "user@example.com" } else { " USER@example.com" };
        let reply = log_in_from(&world, "198.51.100.9", spelling, "guess123456").await;
        assert_eq!(reply.status, if attempt < 3 { 401 } else { 429 }, "{attempt}");
    }
    assert_eq!(log_in_from(&world, "198.51.100.9", "user@example.com", "pass123456").await.status, 429);
    for owner in ["203.0.113.7", "203.0.113.8", "2001:db8::1"] {
        assert_eq!(log_in_from(&world, owner, "user@example.com", "pass123456").await.status, 200, "{owner}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_on_the_same_network_are_not_locked_out_with_one_account() {
    let world = World::with_limits("3/60").await;
    world.register("a@example.com").await;
    world.register("b@example.com").await;
    for _ in 0..4 {
        log_in(&world, "a@example.com", "guess123456").await;
    }
    world.assert_rate_limited(&log_in(&world, "a@example.com", "pass123456").await, 3, 60);
    assert_eq!(log_in(&world, "b@example.com", "pass123456").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_network_cannot_try_passwords_at_any_number_of_accounts() {
    let world = World::easy_writer_with(&[("EasyWriterRateLimitLoginNetwork", "3/60")]).await;
    world.register("user@example.com").await;
    for number in 0..3 {
        let reply = log_in(&world, &format!("nobody-{number}@example.com"), "pass123456").await;
        world.assert_refusal(&reply, 401, "INVALID_CREDENTIALS");
        world.assert_quota(&reply, 3, 2 - number, 60);
    }
    world.assert_rate_limited(&log_in(&world, "user@example.com", "pass123456").await, 3, 60);
    assert_eq!(log_in_from(&world, "203.0.113.8", "user@example.com", "pass123456").await.status, 200);
    world.clock.advance(60);
    assert_eq!(log_in(&world, "user@example.com", "pass123456").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_ins_that_succeed_are_not_counted() {
    let world =
        World::easy_writer_with(&[("EasyWriterRateLimitLogin", "3/60"), ("EasyWriterRateLimitLoginNetwork", "3/60")])
            .await;
    world.register("user@example.com").await;
    for _ in 0..6 {
        assert_eq!(log_in(&world, "user@example.com", "pass123456").await.status, 200);
    }
    for remaining in [2, 1, 0] {
        let reply = log_in(&world, "user@example.com", "guess123456").await;
        world.assert_quota(&reply, 3, remaining, 60);
    }
    world.assert_rate_limited(&log_in(&world, "user@example.com", "pass123456").await, 3, 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_at_once_are_counted_one_by_one() {
    let world = World::with_limits("3/60").await;
    world.register("user@example.com").await;
    let replies = join_all((0..12).map(|_| log_in(&world, "user@example.com", "guess123456"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 401).count(), 3);
    assert_eq!(replies.iter().filter(|reply| reply.status == 429).count(), 9);
}
