//! `POST /api/v1/tools/{tool_id}/execute`

mod failures;
mod input;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use super::super::support::page;
use crate::easy_writer::{GENERATION, Session};
use crate::world::{Reply, World, request};

const SPELL_CHECK: &str = "/api/v1/tools/spell_check/execute";

/// The user's sessions, latest first.
async fn sessions(world: &World, user: &Session) -> Vec<Value> {
    page(world, &user.token, "/api/v1/generation/sessions?limit=100", "sessions").await.0
}

/// The user's transactions, latest first.
async fn transactions(world: &World, user: &Session) -> Vec<Value> {
    page(world, &user.token, "/api/v1/user/transactions?limit=100", "transactions").await.0
}

/// Asserts that nothing came of a request: no session, no transaction, no reservation, no work, no stored text.
async fn assert_nothing_happened(world: &World, user: &Session) {
    assert_eq!(sessions(world, user).await, Vec::<Value>::new());
    assert_eq!(transactions(world, user).await.len(), 1, "the welcome gift only");
    assert_eq!(world.balance(user).await, 100);
    assert_eq!(world.queued(GENERATION).await, 0);
    assert_eq!(world.objects().await, Vec::<String>::new());
    world.audit(user.user).await;
}

async fn spell_check(world: &World, user: &Session) -> Reply {
    world.execute(user, "spell_check", "quick", json!({ "text": "Превет мир" })).await
}

/// Asserts that the answer says that a run is under way.
fn assert_started(world: &World, reply: &Reply) {
    let session = reply.data()["session_id"].as_str().unwrap();
    let websocket_url = format!("/ws/generation/{session}");
    let started = json!({ "session_id": session, "status": "in_progress", "websocket_url": websocket_url });
    world.assert_answer(reply, 202, &started);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_run_answers_with_the_result_and_is_charged() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let reply = spell_check(&world, &user).await;
    let (session, tokens) = (&reply.data()["session_id"], reply.data()["tokens_used"].as_u64().unwrap());
    assert!(tokens > 0);
    let completed = json!({
        "session_id": session, "status": "completed", "result": "Привет мир", "provider_used": "openai", "tokens_used": tokens,
        "cost_raits": 5
    });
    world.assert_answer(&reply, 200, &completed);
    assert_eq!(world.balance(&user).await, 95);
    assert_eq!(transactions(&world, &user).await[0]["id"], *session);
    assert_eq!(sessions(&world, &user).await[0]["session_id"], *session);
    assert_eq!(world.queued(GENERATION).await, 0);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standard_run_is_reserved_and_sent_to_the_background() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let reply = world.execute(&user, "essay", "standard", json!({ "topic": "Осень в городе" })).await;
    assert_started(&world, &reply);
    let audit = world.audit(user.user).await;
    assert_eq!((audit.account.available.units(), audit.account.held.units()), (50, 50));
    assert_eq!(transactions(&world, &user).await.len(), 1);
    assert_eq!(world.queued(GENERATION).await, 1);
    let session = world.session(&user, reply.data()["session_id"].as_str().unwrap()).await;
    assert_eq!(session["status"], "pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_runs_in_its_first_mode_unless_told_otherwise() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = json!({ "text": "Мама мыла раму." });
    let product = json!({ "product": "Термокружка", "features": "450 мл, сталь" });
    for (tool, input, mode, status) in [
        ("spell_check", &text, Value::Null, 200),
        ("paraphrase", &text, Value::Null, 200),
        ("paraphrase", &text, json!("standard"), 202),
        ("product_card", &product, Value::Null, 202),
    ] {
        let reply = world
            .post(&format!("/api/v1/tools/{tool}/execute"), Some(&user.token), &json!({ "input": input, "mode": mode }))
            .await;
        assert_eq!(reply.status, status, "{tool}: {}", reply.text);
    }
    let without_mode = world.post(SPELL_CHECK, Some(&user.token), &json!({ "input": text })).await;
    assert_eq!(without_mode.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_run_that_takes_too_long_goes_on_in_the_background() {
    let hanging = [("OpenAiModel", "sandbox-hang"), ("EasyWriterQuickDeadlineSeconds", "1")];
    let mut world = World::easy_writer_with(&hanging).await;
    let user = world.register("user@example.com").await;
    let reply = spell_check(&world, &user).await;
    assert_started(&world, &reply);
    let audit = world.audit(user.user).await;
    assert_eq!((audit.account.available.units(), audit.account.held.units()), (95, 5));
    let session = reply.data()["session_id"].as_str().unwrap();
    assert_eq!(world.session(&user, session).await["status"], "pending");

    world.update(&[("OpenAiModel", "sandbox")]);
    assert_eq!(world.deliver(GENERATION).await, 1);
    let finished = world.session(&user, session).await;
    assert_eq!((&finished["status"], &finished["mode"]), (&json!("completed"), &json!("quick")));
    assert_eq!((&finished["result"], &finished["cost_raits"]), (&json!("Привет мир"), &json!(5)));
    assert_eq!(world.balance(&user).await, 95);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_is_a_run_of_its_own() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let (first, second) = (spell_check(&world, &user).await, spell_check(&world, &user).await);
    assert_ne!(first.data()["session_id"], second.data()["session_id"]);
    assert_eq!(world.balance(&user).await, 90);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_at_once_never_spend_more_than_there_is() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let replies = join_all((0..25).map(|_| spell_check(&world, &user))).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 20, "100 raits buy 20 runs for 5");
    for refused in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(refused.failure(), (402, "INSUFFICIENT_BALANCE"));
    }
    assert_eq!(world.balance(&user).await, 0);
    assert_eq!(transactions(&world, &user).await.len(), 21);
    world.audit(user.user).await;
}

/// Runs a tool with an idempotency key.
async fn with_key(world: &World, user: &Session, key: &str, text: &str) -> Reply {
    let body = json!({ "input": { "text": text }, "mode": "quick" });
    let mut request = request(Method::POST, SPELL_CHECK, Some(&user.token), &body);
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    world.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_repeated_with_its_idempotency_key_runs_once() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    let first = with_key(&world, &user, "key-1", "Превет мир").await;
    let again = with_key(&world, &user, "key-1", "Превет мир").await;
    assert_eq!((again.status, again.data()), (200, first.data()));
    assert_eq!(world.balance(&user).await, 95);
    let others = with_key(&world, &other, "key-1", "Превет мир").await;
    assert_ne!(others.data()["session_id"], first.data()["session_id"], "keys belong to their users");
    let next = with_key(&world, &user, "key-2", "Превет мир").await;
    assert_ne!(next.data()["session_id"], first.data()["session_id"]);
}

/// The result is an object then, which the repeat has to read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_run_is_repeated_as_a_short_one_is() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let long = "Превет мир. ".repeat(250);
    let first = with_key(&world, &user, "key-1", &long).await;
    let again = with_key(&world, &user, "key-1", &long).await;
    assert_eq!((again.status, again.data()), (200, first.data()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_belongs_to_one_request() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    assert_eq!(with_key(&world, &user, "key-1", "Превет мир").await.status, 200);
    world.assert_refusal(&with_key(&world, &user, "key-1", "Другой текст").await, 409, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(world.balance(&user).await, 95);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_user_may_run_so_much() {
    let world = World::with_limits("3/60").await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    for remaining in [2, 1, 0] {
        let reply = spell_check(&world, &user).await;
        assert_eq!(reply.status, 200);
        world.assert_quota(&reply, 3, remaining, 60);
    }
    world.assert_rate_limited(&spell_check(&world, &user).await, 3, 60);
    assert_eq!(world.balance(&user).await, 85);
    assert_eq!(sessions(&world, &user).await.len(), 3);
    assert_eq!(spell_check(&world, &other).await.status, 200);
    world.clock.advance(60);
    assert_eq!(spell_check(&world, &user).await.status, 200);
}
