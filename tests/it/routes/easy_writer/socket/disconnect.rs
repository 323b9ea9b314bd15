//! `$disconnect`

use crate::easy_writer::{GENERATION, REPLAY};
use crate::world::World;

/// How many frames the gateway was asked to send since this was last asked.
fn frames_sent(world: &World) -> usize {
    world.faults.seen().iter().filter(|call| *call == "PostToConnection").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_connection_gets_no_more_frames() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.deliver(REPLAY).await;
    assert_eq!(world.disconnect("c1").await, 200);
    assert_eq!(frames_sent(&world), 1, "the greeting");
    world.deliver(GENERATION).await;
    assert_eq!(frames_sent(&world), 0);
    assert_eq!(world.subscribers.events("c1"), ["connected"]);
    assert_eq!(world.session(&user, &session).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_connections_of_the_session_stay() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    for connection in ["c1", "c2"] {
        world.connect(connection, &session, &user.token).await;
    }
    world.disconnect("c1").await;
    world.drain(REPLAY).await;
    world.deliver(GENERATION).await;
    assert!(world.subscribers.events("c1").is_empty());
    assert_eq!(world.subscribers.events("c2").last().map(String::as_str), Some("completed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greeting_that_comes_too_late_is_dropped() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.disconnect("c1").await;
    assert_eq!(world.deliver(REPLAY).await, 1);
    assert_eq!(frames_sent(&world), 0);
    assert_eq!(world.queued(REPLAY).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_twice_or_what_was_never_open_is_fine() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    for connection in ["c1", "c1", "unknown"] {
        assert_eq!(world.disconnect(connection).await, 200);
    }
}
