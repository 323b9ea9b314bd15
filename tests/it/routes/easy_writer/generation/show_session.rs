//! `GET /api/v1/generation/sessions/{session_id}`

use serde_json::{Value, json};

use super::super::support::NOON;
use crate::easy_writer::GENERATION;
use crate::world::World;

fn path(session: &str) -> String {
    format!("/api/v1/generation/sessions/{session}")
}

/// The session of `start_essay` before anything is known about it.
fn essay(session: &str) -> Value {
    json!({
        "session_id": session,
        "tool_id": "essay",
        "mode": "standard",
        "status": "pending",
        "input_data": {
            "topic": "Осень в городе", "kind": "рассуждение", "level": "старшая школа", "language": "русский", "words": 500
        },
        "result": Value::Null,
        "provider_used": "",
        "tokens_used": 0,
        "cost_raits": 0,
        "error_code": Value::Null,
        "created_at": NOON,
        "completed_at": Value::Null
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_run_can_be_read_again() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let done = world.execute(&user, "spell_check", "quick", json!({ "text": "Превет мир" })).await;
    let session = json!({
        "session_id": done.data()["session_id"],
        "tool_id": "spell_check",
        "mode": "quick",
        "status": "completed",
        "input_data": { "text": "Превет мир" },
        "result": "Привет мир",
        "provider_used": "openai",
        "tokens_used": done.data()["tokens_used"],
        "cost_raits": 5,
        "error_code": Value::Null,
        "created_at": NOON,
        "completed_at": NOON
    });
    let reply = world.get(&path(done.data()["session_id"].as_str().unwrap()), &user.token).await;
    world.assert_answer(&reply, 200, &session);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_background_run_is_pending_then_completed_and_its_cost_is_what_was_charged() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    world.assert_answer(&world.get(&path(&session), &user.token).await, 200, &essay(&session));

    world.clock.advance(30);
    assert_eq!(world.deliver(GENERATION).await, 1);
    let reply = world.get(&path(&session), &user.token).await;
    let data = reply.data();
    assert!(!data["result"].as_str().unwrap().trim().is_empty());
    assert!(data["tokens_used"].as_u64().unwrap() > 0);
    let cost = data["cost_raits"].as_i64().unwrap();
    assert!((1..=50).contains(&cost), "{cost}");
    let mut expected = essay(&session);
    expected["status"] = json!("completed");
    expected["provider_used"] = json!("openai");
    expected["completed_at"] = json!("2026-01-15T12:00:30Z");
    for told_by_the_vendor in ["result", "tokens_used", "cost_raits"] {
        expected[told_by_the_vendor] = data[told_by_the_vendor].clone();
    }
    world.assert_answer(&reply, 200, &expected);
    assert_eq!(world.balance(&user).await, 100 - cost);
    let transactions = world.get("/api/v1/user/transactions", &user.token).await;
    assert_eq!(transactions.data()["transactions"][0]["amount"], -cost);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_says_why_and_costs_nothing() {
    for (model, code) in [("sandbox-500", "PROVIDER_UNAVAILABLE"), ("no-such-model", "GENERATION_FAILED")] {
        let world = World::with_model(model).await;
        let user = world.register("user@example.com").await;
        let session = world.start_essay(&user).await;
        world.clock.advance(30);
        assert_eq!(world.deliver(GENERATION).await, 1);
        let mut expected = essay(&session);
        expected["status"] = json!("failed");
        expected["error_code"] = json!(code);
        expected["completed_at"] = json!("2026-01-15T12:00:30Z");
        world.assert_answer(&world.get(&path(&session), &user.token).await, 200, &expected);
        assert_eq!(world.balance(&user).await, 100);
        assert_eq!(world.queued(GENERATION).await, 0, "a failure is not tried again");
        world.audit(user.user).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_session_does_not_exist() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    let session = world.start_essay(&user).await;
    world.assert_refusal(&world.get(&path(&session), &other.token).await, 404, "SESSION_NOT_FOUND");
    world.deliver(GENERATION).await;
    world.assert_refusal(&world.get(&path(&session), &other.token).await, 404, "SESSION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_session_is_not_found() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let user_id = user.user.to_string();
    for unknown in ["0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f", "1", "unknown", "%D1%8F", &user_id, &"x".repeat(1000)] {
        world.assert_refusal(&world.get(&path(unknown), &user.token).await, 404, "SESSION_NOT_FOUND");
    }
}
