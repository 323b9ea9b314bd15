//! `GET /api/v1/user/balance`

use serde_json::json;

use crate::easy_writer::{GENERATION, Session};
use crate::world::World;

const PATH: &str = "/api/v1/user/balance";

async fn assert_balance(world: &World, user: &Session, balance: i64) {
    let view = json!({ "balance": balance, "currency": "raits", "currency_symbol": "Ꝑ", "exchange_rate": 10 });
    world.assert_answer(&world.get(PATH, &user.token).await, 200, &view);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_what_can_be_spent_now() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let other = world.register("other@example.com").await;
    assert_balance(&world, &user, 100).await;
    let essay = world.start_essay(&user).await;
    assert_balance(&world, &user, 50).await;
    world.deliver(GENERATION).await;
    let cost = world.session(&user, &essay).await["cost_raits"].as_i64().unwrap();
    assert_balance(&world, &user, 100 - cost).await;
    assert_balance(&world, &other, 100).await;
}
