//! `$default`: what clients send.

use serde_json::json;

use super::{ESSAY, assert_whole_story, completed};
use crate::easy_writer::{GENERATION, REPLAY};
use crate::world::{World, events};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_clients_are_ignored() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.deliver(REPLAY).await;
    let long = "x".repeat(30_000);
    for body in ["", "ping", r#"{"event":"completed"}"#, r#"{"action":"$disconnect"}"#, "{", "null", &long] {
        for connection in ["c1", "unknown"] {
            let answer = world.invoke("easy-writer-socket", &events::message(connection, body)).await.unwrap();
            assert_eq!(answer, json!({ "statusCode": 200 }), "{body}");
        }
    }
    assert_eq!((world.queued(REPLAY).await, world.queued(GENERATION).await), (0, 1));
    world.deliver(GENERATION).await;
    let ending = completed(&world, &user, &session).await;
    assert_whole_story(&world.subscribers.frames("c1"), &session, &ESSAY, &ending);
}
