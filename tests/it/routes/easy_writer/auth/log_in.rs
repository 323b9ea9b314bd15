//! `POST /api/v1/auth/login`

use std::collections::HashSet;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use super::super::support::{assert_methods, assert_object_needed};
use super::assert_signed_in;
use crate::world::{Options, Reply, World};

const PATH: &str = "/api/v1/auth/login";

async fn log_in(world: &World, email: &str, password: &str) -> Reply {
    world.post(PATH, None, &json!({ "email": email, "password": password })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_password_signs_in_and_tells_the_balance() {
    let world = World::start().await;
    let user = world.register("user@example.com").await;
    world.start_essay(&user).await;
    assert_signed_in(&world, &log_in(&world, "user@example.com", "pass123456").await, 200, "user@example.com", 50)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_may_be_in_any_letter_case() {
    let world = World::start().await;
    world.register("user@example.com").await;
    for email in ["USER@example.COM", " user@example.com "] {
        assert_signed_in(&world, &log_in(&world, email, "pass123456").await, 200, "user@example.com", 100).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_is_answered_as_a_wrong_password_is() {
    let world = World::start().await;
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
    let world = World::start().await;
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
async fn only_a_json_object_is_taken() {
    let world = World::start().await;
    assert_object_needed(&world, Method::POST, PATH, None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_methods_are_not_allowed() {
    let world = World::start().await;
    assert_methods(&world, PATH, &["POST"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sign_in_ends_on_its_own() {
    let world = World::start().await;
    let first = world.register("user@example.com").await;
    let second = log_in(&world, "user@example.com", "pass123456").await.refresh_token();
    assert_eq!(world.post_with_cookie("/api/v1/auth/logout", &first.refresh).await.status, 200);
    let gone = world.post_with_cookie("/api/v1/auth/refresh", &first.refresh).await;
    world.assert_refusal(&gone, 401, "TOKEN_INVALID");
    assert_eq!(world.post_with_cookie("/api/v1/auth/refresh", &second).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ins_at_once_get_tokens_of_their_own() {
    let world = World::start().await;
    world.register("user@example.com").await;
    let replies = join_all((0..8).map(|_| log_in(&world, "user@example.com", "pass123456"))).await;
    assert_eq!(replies.iter().map(Reply::refresh_token).collect::<HashSet<_>>().len(), 8);
    for reply in replies {
        assert_signed_in(&world, &reply, 200, "user@example.com", 100).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passwords_can_only_be_guessed_so_often() {
    let world = World::with(Options { rate_limit: "3/60", ..Options::default() }).await;
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
