//! Runs that come to nothing.

use serde_json::{Value, json};

use super::{assert_nothing_happened, sessions, spell_check, transactions};
use crate::easy_writer::{GENERATION, Session};
use crate::world::World;

/// Asserts that one run failed for free and can be looked up.
async fn assert_failed_for_free(world: &World, user: &Session, code: &str) {
    assert_eq!(world.balance(user).await, 100);
    assert_eq!(transactions(world, user).await.len(), 1, "the welcome gift only");
    let all = sessions(world, user).await;
    let [failed] = all.as_slice() else { panic!("{all:?}") };
    let session = world.session(user, failed["session_id"].as_str().unwrap()).await;
    assert_eq!((&session["status"], &session["error_code"]), (&json!("failed"), &json!(code)));
    assert_eq!((&session["result"], &session["cost_raits"]), (&Value::Null, &json!(0)));
    assert_eq!(world.queued(GENERATION).await, 0);
    let audit = world.audit(user.user).await;
    assert_eq!(audit.account.held.units(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_tool_is_not_found() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for unknown in ["unknown", "SPELL_CHECK", "everyday", "%20", "%D1%8F"] {
        let reply = world.execute(&user, unknown, "quick", json!({ "text": "Привет" })).await;
        world.assert_refusal(&reply, 404, "TOOL_NOT_FOUND");
    }
    assert_nothing_happened(&world, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_that_does_not_suffice_is_told_and_no_vendor_is_asked() {
    let mut world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    assert_eq!(spell_check(&world, &user).await.status, 200);
    world.start_essay(&user).await;
    // Whoever asks this vendor gets a 503.
    world.update(&[("OpenAiModel", "sandbox-500")]);
    let essay = world.execute(&user, "essay", "standard", json!({ "topic": "Осень" })).await;
    world.assert_refusal_with(&essay, 402, "INSUFFICIENT_BALANCE", &json!({ "required": 50, "balance": 45 }));
    for _ in 0..2 {
        let twenty = world.execute(&user, "paraphrase", "standard", json!({ "text": "Мама мыла раму." })).await;
        assert_eq!(twenty.status, 202);
    }
    let long = json!({ "text": "Мама мыла раму. ".repeat(300) });
    let quick = world.execute(&user, "summarize", "quick", long).await;
    world.assert_refusal_with(&quick, 402, "INSUFFICIENT_BALANCE", &json!({ "required": 10, "balance": 5 }));
    assert_eq!(world.objects().await, Vec::<String>::new(), "the refused input is not kept");
    assert_eq!(world.balance(&user).await, 5);
    assert_eq!(sessions(&world, &user).await.len(), 4);
    assert_eq!(world.queued(GENERATION).await, 3);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_is_down_costs_nothing() {
    for model in ["sandbox-500", "sandbox-429", "sandbox-quota", "sandbox-half-stream", "sandbox-broken-json"] {
        let world = World::with_model(model).await;
        let user = world.register("user@example.com").await;
        let text = json!({ "text": "Мама мыла раму. ".repeat(20) });
        let reply = world.execute(&user, "spell_check", "quick", text).await;
        assert_eq!(reply.status, 503, "{model}: {}", reply.text);
        world.assert_refusal(&reply, 503, "PROVIDER_UNAVAILABLE");
        assert_eq!(reply.header("retry-after"), Some("5"));
        assert_failed_for_free(&world, &user, "PROVIDER_UNAVAILABLE").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_is_silent_costs_nothing() {
    let hanging = [("OpenAiModel", "sandbox-hang"), ("TextTimeouts", "2000/100/100/1000")];
    let world = World::easy_writer_with(&hanging).await;
    let user = world.register("user@example.com").await;
    world.assert_refusal(&spell_check(&world, &user).await, 503, "PROVIDER_UNAVAILABLE");
    assert_failed_for_free(&world, &user, "PROVIDER_UNAVAILABLE").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_refuses_costs_nothing() {
    let world = World::with_model("no-such-model").await;
    let user = world.register("user@example.com").await;
    world.assert_refusal(&spell_check(&world, &user).await, 500, "GENERATION_FAILED");
    assert_failed_for_free(&world, &user, "GENERATION_FAILED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_does_not_know_our_key_costs_nothing() {
    let mut world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.update(&[("OpenAiApiKey", "sk-wrong")]);
    let reply = spell_check(&world, &user).await;
    world.assert_refusal(&reply, 500, "GENERATION_FAILED");
    assert!(!reply.text.contains("sk-"), "{}", reply.text);
    assert_failed_for_free(&world, &user, "GENERATION_FAILED").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_down_delays_a_background_run_only() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.faults.plan("SendMessage", 0, 100, crate::world::Action::Throttle);
    let session = world.start_essay(&user).await;
    assert_eq!(world.queued(GENERATION).await, 0);
    world.faults.clear();
    world.clock.advance(121);
    world.sweep().await;
    assert_eq!(world.deliver(GENERATION).await, 1);
    assert_eq!(world.session(&user, &session).await["status"], "completed");
    world.audit(user.user).await;
}
