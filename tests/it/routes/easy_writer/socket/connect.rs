//! `$connect`: who may watch what.

use serde_json::{Value, json};

use super::super::support::{NOON, access_token, bad_tokens, error_body};
use super::connected;
use crate::easy_writer::{GENERATION, REPLAY};
use crate::world::{World, events};

async fn shake_hands(world: &World, path: &str, token: Option<&str>) -> Value {
    world.invoke("easy-writer-socket", &events::connect("c1", path, token)).await.unwrap()
}

/// Asserts that the handshake is refused with a whole answer and that nobody is greeted.
async fn assert_refused(world: &World, path: &str, token: Option<&str>, status: u16, code: &str) {
    let answer = shake_hands(world, path, token).await;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let meta = json!({ "timestamp": NOON, "request_id": events::REQUEST_ID });
    assert_eq!(answer["statusCode"], status, "{path} {token:?}: {answer}");
    assert_eq!(answer["headers"], json!({ "content-type": "application/json" }));
    assert_eq!(body, json!({ "success": false, "error": error_body(code), "meta": meta }));
    assert_eq!(world.queued(REPLAY).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_of_a_session_may_watch_it_in_any_state() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    let path = format!("/ws/generation/{session}");
    assert_eq!(shake_hands(&world, &path, Some(&user.token)).await, json!({ "statusCode": 200 }));
    assert_eq!(world.subscribers.frames("c1"), Vec::<Value>::new(), "no frames before the handshake is over");
    assert_eq!(world.deliver(REPLAY).await, 1);
    assert_eq!(world.subscribers.frames("c1"), [connected(&session)]);
    world.deliver(GENERATION).await;
    assert_eq!(world.connect("c2", &session, &user.token).await, 200);
    assert_eq!(world.connect_to("c3", &format!("{path}/"), Some(&user.token)).await, 200);
    assert_eq!(world.queued(REPLAY).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_an_access_token_opens() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let path = format!("/ws/generation/{}", world.start_essay(&user).await);
    assert_refused(&world, &path, None, 401, "TOKEN_INVALID").await;
    for (token, code) in bad_tokens(&world, &user) {
        assert_refused(&world, &path, Some(&token), 401, code).await;
    }
    let with_scheme = format!("Bearer {}", user.token);
    assert_refused(&world, &path, Some(&with_scheme), 401, "TOKEN_INVALID").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_expires_does_not_open_any_more() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.clock.advance(899);
    assert_eq!(world.connect("c1", &session, &user.token).await, 200);
    world.clock.advance(1);
    assert_eq!(world.connect("c2", &session, &user.token).await, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_session_cannot_be_watched() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    let session = world.start_essay(&user).await;
    let path = format!("/ws/generation/{session}");
    assert_refused(&world, &path, Some(&other.token), 404, "SESSION_NOT_FOUND").await;
    let nobody = access_token(&world, "easy-writer", world.token_keys(), uuid::Uuid::from_u128(7).into(), 0);
    assert_refused(&world, &path, Some(&nobody), 404, "SESSION_NOT_FOUND").await;
    world.deliver(GENERATION).await;
    assert_eq!(world.subscribers.frames("c1"), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_paths_of_sessions_and_images_can_be_watched() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    let others = [
        "/ws/generation/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f".to_owned(),
        "/ws/generation/unknown".to_owned(),
        "/ws/generation/".to_owned(),
        "/ws/generation".to_owned(),
        format!("/api/v1/ws/generation/{session}"),
        format!("/ws/generation/{session}/x"),
        format!("ws/generation/{session}"),
        session.clone(),
        String::new(),
    ];
    for path in others {
        assert_refused(&world, &path, Some(&user.token), 404, "SESSION_NOT_FOUND").await;
    }
    // A session is no image.
    assert_refused(&world, &format!("/ws/image/{session}"), Some(&user.token), 404, "IMAGE_NOT_FOUND").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_session_cannot_be_watched() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.delete(&format!("/api/v1/generation/sessions/{session}"), &user.token).await;
    assert_refused(&world, &format!("/ws/generation/{session}"), Some(&user.token), 404, "SESSION_NOT_FOUND").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_names_no_path_is_refused() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let mut event = events::connect("c1", "", Some(&user.token));
    event["queryStringParameters"] = Value::Null;
    let answer = world.invoke("easy-writer-socket", &event).await.unwrap();
    assert_eq!(answer["statusCode"], 401, "without query there is no token either: {answer}");
}
