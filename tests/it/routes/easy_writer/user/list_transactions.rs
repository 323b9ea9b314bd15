//! `GET /api/v1/user/transactions`

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::support::{NOON, access_token, assert_pages, page};
use crate::easy_writer::{GENERATION, Session};
use crate::world::World;

const PATH: &str = "/api/v1/user/transactions";

fn gift(user: &Session) -> Value {
    json!({
        "id": user.user.to_string(), "type": "topup", "amount": 100, "description": "Приветственный бонус", "created_at": NOON
    })
}

/// Runs a tool for 5 raits and returns the transaction that this should make.
async fn spend(world: &World, user: &Session) -> Value {
    let reply = world.execute(user, "spell_check", "quick", json!({ "text": "Привет" })).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    json!({
        "id": reply.data()["session_id"], "type": "spend", "amount": -5, "description": "Проверка орфографии",
        "created_at": reply.body["meta"]["timestamp"]
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_exact_with_no_one_twenty_and_twenty_one_transactions() {
    let world = World::easy_writer().await;
    let nobody = access_token(&world, "easy-writer", world.token_keys(), Uuid::from_u128(7).into(), 0);
    assert_pages(&world, &nobody, PATH, "transactions", 20, &[]).await;
    let user = world.register("user@example.com").await;
    let mut all = vec![gift(&user)];
    assert_pages(&world, &user.token, PATH, "transactions", 20, &all).await;
    for number in 2..=21 {
        // Some at the same time, some later: the latest always comes first.
        world.clock.advance(number % 2);
        all.insert(0, spend(&world, &user).await);
        if number >= 20 {
            assert_pages(&world, &user.token, PATH, "transactions", 20, &all).await;
        }
    }
    assert_eq!(world.balance(&user).await, 0);
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_reserved_or_given_back_is_not_listed() {
    let mut world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let expect = [gift(&user)];
    let running = world.start_essay(&user).await;
    let deleted = world.start_essay(&user).await;
    world.delete(&format!("/api/v1/generation/sessions/{deleted}"), &user.token).await;
    world.update(&[("OpenAiModel", "sandbox-500")]);
    assert_eq!(world.execute(&user, "spell_check", "quick", json!({ "text": "Привет" })).await.status, 503);
    assert_pages(&world, &user.token, PATH, "transactions", 20, &expect).await;

    world.update(&[("OpenAiModel", "sandbox")]);
    world.clock.advance(10);
    world.drain(GENERATION).await;
    let cost = world.session(&user, &running).await["cost_raits"].as_i64().unwrap();
    let essay = json!({ "id": running, "type": "spend", "amount": -cost, "description": "Эссе", "created_at": NOON });
    let [expect] = expect;
    assert_pages(&world, &user.token, PATH, "transactions", 20, &[essay, expect]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_released_holds_between_do_not_tear_pages() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let mut all = vec![gift(&user)];
    for _ in 0..3 {
        for _ in 0..12 {
            let session = world.start_essay(&user).await;
            assert_eq!(world.delete(&format!("/api/v1/generation/sessions/{session}"), &user.token).await.status, 200);
        }
        all.insert(0, spend(&world, &user).await);
    }
    assert_pages(&world, &user.token, PATH, "transactions", 20, &all).await;
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_see_their_own_only() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    spend(&world, &user).await;
    assert_eq!(page(&world, &other.token, PATH, "transactions").await.0, [gift(&other)]);
}
