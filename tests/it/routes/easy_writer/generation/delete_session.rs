//! `DELETE /api/v1/generation/sessions/{session_id}`

use futures_util::future::join_all;
use serde_json::json;

use super::super::support::error_frame;
use crate::easy_writer::{GENERATION, REPLAY, Session};
use crate::world::{Action, Reply, World};

fn path(session: &str) -> String {
    format!("/api/v1/generation/sessions/{session}")
}

async fn delete(world: &World, user: &Session, session: &str) -> Reply {
    world.delete(&path(session), &user.token).await
}

/// Asserts that the session is gone and that nothing was charged for it.
async fn assert_gone_for_free(world: &World, user: &Session, session: &str) {
    world.assert_refusal(&world.get(&path(session), &user.token).await, 404, "SESSION_NOT_FOUND");
    let audit = world.audit(user.user).await;
    assert_eq!((audit.account.available.units(), audit.account.held.units()), (100, 0));
    assert_eq!(world.queued(GENERATION).await, 0);
    assert_eq!(world.dead(GENERATION).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completed_session_goes_and_its_charge_stays() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let done = world.execute(&user, "spell_check", "quick", json!({ "text": "Привет" })).await;
    let session = done.data()["session_id"].as_str().unwrap();
    world.assert_answer(&delete(&world, &user, session).await, 200, &json!({ "message": "Deleted" }));
    world.assert_refusal(&world.get(&path(session), &user.token).await, 404, "SESSION_NOT_FOUND");
    assert_eq!(world.balance(&user).await, 95);
    let transactions = world.get("/api/v1/user/transactions", &user.token).await;
    assert_eq!(transactions.data()["transactions"][0]["id"], session);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_twice_is_not_found() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    assert_eq!(delete(&world, &user, &session).await.status, 200);
    world.assert_refusal(&delete(&world, &user, &session).await, 404, "SESSION_NOT_FOUND");
    assert_eq!(world.balance(&user).await, 100, "given back once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_deletions_at_once_one_succeeds() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let kept = world.execute(&user, "spell_check", "quick", json!({ "text": "Привет" })).await;
    let done = world.execute(&user, "spell_check", "quick", json!({ "text": "Привет" })).await;
    let running = world.start_essay(&user).await;
    for session in [done.data()["session_id"].as_str().unwrap(), &running] {
        let replies = join_all((0..8).map(|_| delete(&world, &user, session))).await;
        let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 7));
        for reply in lost {
            world.assert_refusal(reply, 404, "SESSION_NOT_FOUND");
        }
    }
    let list = world.get("/api/v1/generation/sessions", &user.token).await;
    assert_eq!(list.data()["pagination"]["total"], 1);
    assert_eq!(list.data()["sessions"][0]["session_id"], kept.data()["session_id"]);
    assert_eq!(world.balance(&user).await, 90);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_deleted_before_it_began_is_free_and_its_watcher_is_told() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.deliver(REPLAY).await;
    world.assert_answer(&delete(&world, &user, &session).await, 200, &json!({ "message": "Deleted" }));
    assert_eq!(world.balance(&user).await, 100);
    assert_eq!(world.deliver(GENERATION).await, 1);
    let connected = json!({ "event": "connected", "session_id": session });
    assert_eq!(world.subscribers.frames("c1"), [connected, error_frame("SESSION_NOT_FOUND")]);
    assert_gone_for_free(&world, &user, &session).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_deleted_while_its_worker_waits_for_the_vendor_is_free_and_its_watcher_is_told() {
    let hanging = [("OpenAiModel", "sandbox-hang"), ("TextTimeouts", "2000/1000/1000/2000")];
    let world = World::easy_writer_with(&hanging).await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.deliver(REPLAY).await;
    let (_, deleted) = tokio::join!(world.deliver(GENERATION), delete(&world, &user, &session));
    assert_eq!(deleted.status, 200);
    assert_eq!(world.subscribers.frames("c1").last(), Some(&error_frame("SESSION_NOT_FOUND")));
    assert_gone_for_free(&world, &user, &session).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_deleted_after_its_worker_died_is_free_and_its_watcher_is_told() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.connect("c1", &session, &user.token).await;
    world.deliver(REPLAY).await;
    world.redeliver_soon(GENERATION).await;
    world.faults.plan("PutItem", 4, 1, Action::DieBefore);
    assert!(!world.faults.until_death(world.deliver(GENERATION)).await);
    let told = world.subscribers.events("c1");
    assert_eq!(delete(&world, &user, &session).await.status, 200);
    assert_eq!(world.balance(&user).await, 100);
    world.clock.advance(61);
    assert_eq!(world.deliver(GENERATION).await, 1);
    let frames = world.subscribers.frames("c1");
    assert_eq!(frames.len(), told.len() + 1, "{frames:?}");
    assert_eq!(frames.last(), Some(&error_frame("SESSION_NOT_FOUND")));
    assert_gone_for_free(&world, &user, &session).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_texts_of_a_session_go_with_it() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = "Мама мыла раму. ".repeat(300);
    let quick = world.execute(&user, "spell_check", "quick", json!({ "text": text })).await;
    assert_eq!(world.objects().await.len(), 2);
    assert_eq!(delete(&world, &user, quick.data()["session_id"].as_str().unwrap()).await.status, 200);
    assert_eq!(world.objects().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_steps_of_a_session_wrote_goes_with_it() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = "Мама мыла раму, а папа читал газету. ".repeat(200);
    let started = world.execute(&user, "paraphrase", "standard", json!({ "text": text })).await;
    assert_eq!(started.status, 202, "{}", started.text);
    world.deliver(GENERATION).await;
    assert!(world.objects().await.len() > 2, "at least one step wrote a long text");
    assert_eq!(delete(&world, &user, started.data()["session_id"].as_str().unwrap()).await.status, 200);
    assert_eq!(world.objects().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_session_cannot_be_deleted() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    let session = world.start_essay(&user).await;
    world.assert_refusal(&delete(&world, &other, &session).await, 404, "SESSION_NOT_FOUND");
    world.deliver(GENERATION).await;
    world.assert_refusal(&delete(&world, &other, &session).await, 404, "SESSION_NOT_FOUND");
    assert_eq!(world.session(&user, &session).await["status"], "completed");
    assert_eq!(world.balance(&other).await, 100);
    world.audit(other.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_session_is_not_found() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for unknown in ["0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f", "1", "unknown", "%D1%8F"] {
        world.assert_refusal(&delete(&world, &user, unknown).await, 404, "SESSION_NOT_FOUND");
    }
    let list = world.get("/api/v1/generation/sessions", &user.token).await;
    assert_eq!(list.data()["pagination"]["total"], 0);
}
