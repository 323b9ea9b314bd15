//! `POST /api/v1/auth/refresh`

use futures_util::future::join_all;
use http::{Method, Request};
use serde_json::{Value, json};

use super::super::support::access_token;
use super::{COOKIE, assert_refresh_cookie};
use crate::world::{Reply, World, request};

const PATH: &str = "/api/v1/auth/refresh";
const DAY: i64 = 24 * 3600;
const NEW_KEY: &str = "rotated-secret-rotated-secret-rotated";

async fn refresh(world: &World, token: &str) -> Reply {
    world.post_with_cookie(PATH, token).await
}

/// Refreshes and returns the next refresh token.
async fn rotate(world: &World, token: &str) -> String {
    let reply = refresh(world, token).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.refresh_token()
}

async fn assert_works(world: &World, access_token: &str) {
    assert_eq!(world.get("/api/v1/auth/me", access_token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_tokens_are_replaced() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.clock.advance(900);
    world.assert_refusal(&world.get("/api/v1/auth/me", &user.token).await, 401, "TOKEN_EXPIRED");
    let reply = refresh(&world, &user.refresh).await;
    let token = reply.data()["access_token"].as_str().unwrap();
    world.assert_answer(&reply, 200, &json!({ "access_token": token, "expires_in": 900 }));
    assert_works(&world, token).await;
    assert_ne!(reply.refresh_token(), user.refresh);
    assert_refresh_cookie(&reply, &reply.refresh_token(), &COOKIE);
    rotate(&world, &reply.refresh_token()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_repeated_within_ten_seconds_gets_the_current_generation() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let second = rotate(&world, &user.refresh).await;
    assert_eq!(rotate(&world, &user.refresh).await, second, "the same generation, at the same second");
    world.clock.advance(10);
    let again = rotate(&world, &user.refresh).await;
    let third = rotate(&world, &second).await;
    assert_eq!(rotate(&world, &again).await, third);
    rotate(&world, &third).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_replayed_later_ends_the_sign_in() {
    let world = World::easy_writer().await;
    let stolen_from = world.register("user@example.com").await;
    let elsewhere =
        world.post("/api/v1/auth/login", None, &json!({ "email": "user@example.com", "password": "pass123456" })).await;
    let newest = rotate(&world, &stolen_from.refresh).await;
    world.clock.advance(11);
    for ended in [&stolen_from.refresh, &newest, &stolen_from.refresh] {
        world.assert_refusal(&refresh(&world, ended).await, 401, "TOKEN_INVALID");
    }
    rotate(&world, &elsewhere.refresh_token()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_two_generations_old_ends_the_sign_in_at_once() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let second = rotate(&world, &user.refresh).await;
    let newest = rotate(&world, &second).await;
    world.assert_refusal(&refresh(&world, &user.refresh).await, 401, "TOKEN_INVALID");
    world.assert_refusal(&refresh(&world, &newest).await, 401, "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_lives_thirty_days_after_its_last_refresh() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.clock.advance(30 * DAY - 1);
    let next = rotate(&world, &user.refresh).await;
    world.clock.advance(30 * DAY - 1);
    let last = rotate(&world, &next).await;
    world.clock.advance(30 * DAY);
    world.assert_refusal(&refresh(&world, &last).await, 401, "TOKEN_EXPIRED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_can_be_rotated_without_signing_anybody_out() {
    let mut world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let old_key = world.token_keys().to_owned();
    world.change_token_keys(&format!("{NEW_KEY},{old_key}"));
    assert_works(&world, &user.token).await;
    let reply = refresh(&world, &user.refresh).await;
    let (access, next) = (reply.data()["access_token"].as_str().unwrap().to_owned(), reply.refresh_token());
    assert_works(&world, &access).await;

    world.change_token_keys(&old_key);
    world.assert_refusal(&world.get("/api/v1/auth/me", &access).await, 401, "TOKEN_INVALID");
    world.assert_refusal(&refresh(&world, &next).await, 401, "TOKEN_INVALID");

    world.change_token_keys(NEW_KEY);
    assert_works(&world, &access).await;
    rotate(&world, &next).await;
    world.assert_refusal(&world.get("/api/v1/auth/me", &user.token).await, 401, "TOKEN_INVALID");
    world.assert_refusal(&refresh(&world, &user.refresh).await, 401, "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_a_refresh_token_is_taken() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let parts: Vec<_> = user.refresh.split('.').collect();
    let bad = [
        String::new(),
        "garbage".to_owned(),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.{}", parts[0], user.token.split('.').nth(1).unwrap(), parts[2]),
        user.token.clone(),
        access_token(&world, "novels", world.token_keys(), user.user, 0),
    ];
    for token in &bad {
        world.assert_refusal(&refresh(&world, token).await, 401, "TOKEN_INVALID");
    }
    let without_cookie = world.post(PATH, None, &Value::Null).await;
    world.assert_refusal(&without_cookie, 401, "TOKEN_INVALID");
    let in_other_places = json!({ "refresh_token": user.refresh });
    world.assert_refusal(&world.post(PATH, Some(&user.refresh), &in_other_places).await, 401, "TOKEN_INVALID");
    rotate(&world, &user.refresh).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cookie_is_found_among_others() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let cookies = format!("theme=dark; refresh_token={}; refresh_token_hint=x", user.refresh);
    let request = Request::builder().method("POST").uri(PATH).header("cookie", cookies).body(String::new()).unwrap();
    assert_eq!(world.send(request).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshes_at_once_share_one_generation() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let replies = join_all((0..16).map(|_| refresh(&world, &user.refresh))).await;
    let tokens: Vec<_> = replies.iter().map(Reply::refresh_token).collect();
    for reply in &replies {
        assert_works(&world, reply.data()["access_token"].as_str().unwrap()).await;
        assert_eq!(reply.refresh_token(), tokens[0], "one generation, one second: one token");
    }
    rotate(&world, &tokens[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_of_the_network_may_refresh_so_often() {
    let world = World::with_limits("3/60").await;
    let user = world.register("user@example.com").await;
    for remaining in [2, 1, 0] {
        let reply = world.send(request(Method::POST, PATH, None, &Value::Null)).await;
        assert_eq!(reply.status, 401);
        world.assert_quota(&reply, 3, remaining, 60);
    }
    world.assert_rate_limited(&refresh(&world, &user.refresh).await, 3, 60);
    world.clock.advance(60);
    rotate(&world, &user.refresh).await;
}
