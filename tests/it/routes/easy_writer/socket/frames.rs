//! What subscribers are told, whenever they come.

use serde_json::{Value, json};

use super::super::support::error_frame;
use super::{ESSAY, assert_whole_story, completed, connected};
use crate::easy_writer::{GENERATION, REPLAY};
use crate::world::{Action, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_watcher_sees_the_whole_story() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    assert_eq!(world.deliver(REPLAY).await, 1);
    assert_eq!(world.subscribers.frames("c1"), [connected(&session)]);
    assert_eq!(world.deliver(GENERATION).await, 1);
    let ending = completed(&world, &user, &session).await;
    assert_whole_story(&world.subscribers.frames("c1"), &session, &ESSAY, &ending);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_whose_greeting_is_late_sees_the_whole_story() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.deliver(GENERATION).await;
    world.drain(REPLAY).await;
    let ending = completed(&world, &user, &session).await;
    assert_whole_story(&world.subscribers.frames("c1"), &session, &ESSAY, &ending);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_who_joins_in_the_middle_sees_the_whole_story() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("early", &session, &user.token).await;
    world.deliver(REPLAY).await;
    world.redeliver_soon(GENERATION).await;
    // The worker dies with its first step done and its second begun.
    world.faults.plan("PutItem", 4, 1, Action::DieBefore);
    assert!(!world.faults.until_death(world.deliver(GENERATION)).await);

    world.connect("middle", &session, &user.token).await;
    world.deliver(REPLAY).await;
    let so_far = world.subscribers.frames("middle");
    assert_eq!(so_far.len(), 5, "greeting and four events: {so_far:#?}");
    assert_eq!(so_far, world.subscribers.frames("early"));

    world.connect("unread", &session, &user.token).await;
    world.clock.advance(61);
    assert_eq!(world.deliver(GENERATION).await, 1, "the message comes again");
    world.drain(REPLAY).await;
    let ending = completed(&world, &user, &session).await;
    for connection in ["early", "middle", "unread"] {
        assert_whole_story(&world.subscribers.frames(connection), &session, &ESSAY, &ending);
    }
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_who_comes_after_the_end_sees_the_whole_story() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.deliver(GENERATION).await;
    world.connect("c1", &session, &user.token).await;
    world.deliver(REPLAY).await;
    let ending = completed(&world, &user, &session).await;
    assert_whole_story(&world.subscribers.frames("c1"), &session, &ESSAY, &ending);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_who_comes_back_sees_the_whole_story_again() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.deliver(REPLAY).await;
    world.disconnect("c1").await;
    world.connect("c2", &session, &user.token).await;
    world.deliver(REPLAY).await;
    world.deliver(GENERATION).await;
    world.disconnect("c2").await;
    world.connect("c3", &session, &user.token).await;
    world.deliver(REPLAY).await;
    let ending = completed(&world, &user, &session).await;
    for connection in ["c2", "c3"] {
        assert_whole_story(&world.subscribers.frames(connection), &session, &ESSAY, &ending);
    }
    assert_eq!(world.subscribers.events("c1"), ["connected"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_of_different_sessions_see_their_own_only() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    let (mine, yours) = (world.start_essay(&user).await, world.start_essay(&other).await);
    world.connect("mine", &mine, &user.token).await;
    world.connect("mine-too", &mine, &user.token).await;
    world.connect("yours", &yours, &other.token).await;
    world.drain(REPLAY).await;
    world.drain(GENERATION).await;
    let (my_end, your_end) = (completed(&world, &user, &mine).await, completed(&world, &other, &yours).await);
    assert_whole_story(&world.subscribers.frames("mine"), &mine, &ESSAY, &my_end);
    assert_whole_story(&world.subscribers.frames("mine-too"), &mine, &ESSAY, &my_end);
    assert_whole_story(&world.subscribers.frames("yours"), &yours, &ESSAY, &your_end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_gone_is_forgotten_and_disturbs_nobody() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    for connection in ["gone", "there"] {
        world.connect(connection, &session, &user.token).await;
    }
    world.drain(REPLAY).await;
    world.subscribers.cut("gone");
    world.faults.seen();
    world.deliver(GENERATION).await;
    let ending = completed(&world, &user, &session).await;
    assert_whole_story(&world.subscribers.frames("there"), &session, &ESSAY, &ending);
    assert_eq!(world.subscribers.events("gone"), ["connected"]);
    let sent = world.faults.seen().iter().filter(|call| *call == "PostToConnection").count();
    assert_eq!(sent, world.subscribers.frames("there").len() - 1 + 1, "all but the greeting, and one to who is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_gone_before_its_greeting_is_forgotten() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("gone", &session, &user.token).await;
    world.subscribers.cut("gone");
    assert_eq!(world.deliver(REPLAY).await, 1);
    assert_eq!(world.queued(REPLAY).await, 0, "nobody to greet any more");
    world.faults.seen();
    world.deliver(GENERATION).await;
    assert!(!world.faults.seen().contains(&"PostToConnection".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_told_to_early_and_late_watchers() {
    for (model, code) in [("sandbox-500", "PROVIDER_UNAVAILABLE"), ("no-such-model", "GENERATION_FAILED")] {
        let world = World::with_model(model).await;
        let user = world.register("user@example.com").await;
        let session = world.start_essay(&user).await;
        world.connect("early", &session, &user.token).await;
        world.drain(REPLAY).await;
        world.deliver(GENERATION).await;
        world.connect("late", &session, &user.token).await;
        world.drain(REPLAY).await;
        let started = json!({ "event": "step_started", "step": 1, "step_name": "Анализ", "total_steps": 4 });
        let story = [connected(&session), started, error_frame(code)];
        assert_eq!(world.subscribers.frames("early"), story);
        assert_eq!(world.subscribers.frames("late"), story);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_deleted_before_the_greeting_is_told_as_such() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.delete(&format!("/api/v1/generation/sessions/{session}"), &user.token).await;
    world.drain(REPLAY).await;
    world.drain(GENERATION).await;
    assert_eq!(world.subscribers.frames("c1"), [connected(&session), error_frame("SESSION_NOT_FOUND")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_quick_run_can_be_watched_too() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let done = world.execute(&user, "spell_check", "quick", json!({ "text": "Превет мир" })).await;
    let session = done.data()["session_id"].as_str().unwrap();
    world.connect("c1", session, &user.token).await;
    world.deliver(REPLAY).await;
    let ending = json!({ "event": "completed", "result": "Привет мир", "cost_raits": 5 });
    assert_eq!(world.subscribers.frames("c1"), [connected(session), ending]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_does_not_fit_a_frame_is_announced_and_read_over_http() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    // Four bytes a character.
    let text = "𠀀𠀁𠀂 ".repeat(2500).trim().to_owned();
    let done = world.execute(&user, "spell_check", "quick", json!({ "text": text })).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(done.data()["result"].as_str().unwrap().len() > 30 * 1024);
    let session = done.data()["session_id"].as_str().unwrap();
    world.connect("c1", session, &user.token).await;
    world.deliver(REPLAY).await;
    let url = format!("/api/v1/generation/sessions/{session}");
    let ending = json!({ "event": "completed", "result": Value::Null, "result_url": url, "cost_raits": 5 });
    assert_eq!(world.subscribers.frames("c1"), [connected(session), ending]);
    assert_eq!(world.get(&url, &user.token).await.data()["result"], done.data()["result"]);
}
