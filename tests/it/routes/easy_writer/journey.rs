//! The main job, end to end.

use serde_json::json;

use crate::easy_writer::{GENERATION, REPLAY};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_registers_runs_both_modes_and_pays_once() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    assert_eq!(world.balance(&user).await, 100);

    let quick = world.execute(&user, "spell_check", "quick", json!({ "text": "Превет мир" })).await;
    assert_eq!(quick.status, 200, "{}", quick.text);
    assert_eq!(quick.data()["result"], "Привет мир");
    assert_eq!(quick.data()["cost_raits"], 5);
    assert_eq!(world.balance(&user).await, 95);

    let session = world.start_essay(&user).await;
    assert_eq!(world.balance(&user).await, 45);
    assert_eq!(world.connect("c1", &session, &user.token).await, 200);
    assert_eq!(world.deliver(REPLAY).await, 1);
    assert_eq!(world.subscribers.events("c1"), ["connected"]);
    assert_eq!(world.deliver(GENERATION).await, 1);
    let finished = world.session(&user, &session).await;
    assert_eq!(finished["status"], "completed", "{finished}");
    let events = world.subscribers.events("c1");
    assert_eq!(events.first().map(String::as_str), Some("connected"));
    assert_eq!(events.last().map(String::as_str), Some("completed"), "{events:?}");
    let cost = finished["cost_raits"].as_i64().unwrap();
    assert_eq!(world.balance(&user).await, 95 - cost);
    world.audit(user.user).await;
}
