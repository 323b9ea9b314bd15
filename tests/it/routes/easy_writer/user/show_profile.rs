//! `GET /api/v1/user/profile`

use serde_json::{Value, json};

use super::super::support::NOON;
use crate::easy_writer::{GENERATION, Session};
use crate::world::World;

const PATH: &str = "/api/v1/user/profile";

async fn assert_profile(world: &World, user: &Session, balance: i64, total_generations: u64) {
    let profile = json!({
        "id": user.user.to_string(), "email": user.email, "name": Value::Null, "provider": "local", "balance": balance,
        "total_generations": total_generations, "created_at": NOON
    });
    world.assert_answer(&world.get(PATH, &user.token).await, 200, &profile);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_counts_completed_generations_and_no_others() {
    let mut world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let other = world.register("other@example.com").await;
    assert_profile(&world, &user, 100, 0).await;
    world.clock.advance(60);
    world.execute(&user, "spell_check", "quick", json!({ "text": "Привет" })).await;
    assert_profile(&world, &user, 95, 1).await;

    let essay = world.start_essay(&user).await;
    assert_profile(&world, &user, 45, 1).await;
    world.deliver(GENERATION).await;
    let cost = world.session(&user, &essay).await["cost_raits"].as_i64().unwrap();
    assert_profile(&world, &user, 95 - cost, 2).await;

    world.update(&[("OpenAiModel", "sandbox-500")]);
    assert_eq!(world.execute(&user, "spell_check", "quick", json!({ "text": "Привет" })).await.status, 503);
    assert_profile(&world, &user, 95 - cost, 2).await;
    assert_profile(&world, &other, 100, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_generations_still_count() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let done = world.execute(&user, "spell_check", "quick", json!({ "text": "Привет" })).await;
    let running = world.start_essay(&user).await;
    for id in [done.data()["session_id"].as_str().unwrap(), &running] {
        assert_eq!(world.delete(&format!("/api/v1/generation/sessions/{id}"), &user.token).await.status, 200);
    }
    world.drain(GENERATION).await;
    assert_profile(&world, &user, 95, 1).await;
}
