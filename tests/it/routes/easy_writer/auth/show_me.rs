//! `GET /api/v1/auth/me`

use http::{Method, Request};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::support::{NOON, access_token, assert_methods, assert_token_needed};
use crate::world::World;

const PATH: &str = "/api/v1/auth/me";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_see_themselves_as_they_are_now() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let mut me = json!({
        "id": user.user.to_string(), "email": "user@example.com", "name": Value::Null, "provider": "local", "balance": 100,
        "created_at": NOON
    });
    world.assert_answer(&world.get(PATH, &user.token).await, 200, &me);
    world.clock.advance(60);
    world.put("/api/v1/user/profile", &user.token, &json!({ "name": "Иван" })).await;
    world.start_essay(&user).await;
    me["name"] = json!("Иван");
    me["balance"] = json!(50);
    world.assert_answer(&world.get(PATH, &user.token).await, 200, &me);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_opens_for_fifteen_minutes() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.clock.advance(899);
    assert_eq!(world.get(PATH, &user.token).await.data()["email"], "user@example.com");
    world.clock.advance(1);
    world.assert_refusal(&world.get(PATH, &user.token).await, 401, "TOKEN_EXPIRED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_an_access_token_opens() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    assert_token_needed(&world, &user, Method::GET, PATH, &Value::Null).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scheme_may_be_in_any_letter_case() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for scheme in ["bearer", "BEARER", "Bearer "] {
        let request = Request::builder().uri(PATH).header("authorization", format!("{scheme} {}", user.token));
        assert_eq!(world.send(request.body(String::new()).unwrap()).await.status, 200, "{scheme}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_somebody_who_does_not_exist_finds_nobody() {
    let world = World::easy_writer().await;
    let token = access_token(&world, "easy-writer", world.token_keys(), Uuid::from_u128(7).into(), 0);
    world.assert_refusal(&world.get(PATH, &token).await, 404, "USER_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_methods_are_not_allowed() {
    let world = World::easy_writer().await;
    assert_methods(&world, PATH, &["GET", "HEAD"]).await;
}
