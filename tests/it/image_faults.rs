//! What happens to pictures when something breaks: one picture, one charge, whatever the moment.

use serde_json::{Value, json};

use crate::easy_writer::{IMAGES, REPLAY, Session};
use crate::world::{Action, World};

/// Lets time pass and everything retry until the picture is finished.
async fn recover(world: &World, user: &Session, image: &str) -> Value {
    world.faults.clear();
    for _ in 0..4 {
        world.clock.advance(150);
        world.sweep().await;
        world.drain(IMAGES).await;
        world.drain(REPLAY).await;
        let now = world.image(user, image).await;
        if now["status"] != "processing" {
            return now;
        }
    }
    panic!("picture {image} is stuck: {}", world.image(user, image).await);
}

/// Asserts that a subscriber saw the beginning, progress that never falls, and one end.
fn assert_story(frames: &[Value], image: &str, ending: &Value) {
    assert_eq!(frames.first(), Some(&json!({ "event": "connected", "image_id": image })), "{frames:?}");
    let mut progress = 0;
    for frame in &frames[1..frames.len() - 1] {
        assert_eq!(frame["event"], "processing", "{frames:?}");
        let now = frame["progress"].as_u64().unwrap();
        assert!((progress..=100).contains(&now), "{frames:?}");
        progress = now;
    }
    assert_eq!(frames.last(), Some(ending), "{frames:?}");
}

fn completed(picture: &Value, url: &str) -> Value {
    json!({ "event": "completed", "url": picture[url] })
}

async fn watch(world: &World, connection: &str, image: &str, user: &Session) {
    world.connect_to(connection, &format!("/ws/image/{image}"), Some(&user.token)).await;
    world.drain(REPLAY).await;
}

async fn kill_drawing_at_every_call(action: Action) {
    let world = World::easy_writer().await;
    world.redeliver_soon(IMAGES).await;
    let rehearsal = world.register("rehearsal@example.com").await;
    let image = world.start_image(&rehearsal).await;
    watch(&world, "rehearsal", &image, &rehearsal).await;
    world.faults.seen();
    world.drain(IMAGES).await;
    let calls = world.faults.seen().len();
    assert!(calls > 15, "the rehearsal made only {calls} calls");
    for call in 0..calls {
        let user = world.register(&format!("user-{call}@example.com")).await;
        let reply = world.order_image(&user, &format!("Закат {call}"), "messenger").await;
        let image = reply.data()["image_id"].as_str().unwrap().to_owned();
        let (early, late) = (format!("early-{call}"), format!("late-{call}"));
        watch(&world, &early, &image, &user).await;
        let event = world.receive_event(IMAGES).await;
        world.faults.plan("", call, 1, action);
        let ended = world.faults.until_death(world.invoke("easy-writer-image-worker", &event)).await;
        assert!(!ended || call + 3 >= calls, "call {call} of {calls} was never made");
        let finished = recover(&world, &user, &image).await;
        assert_eq!(finished["status"], "completed", "killed at call {call}: {finished}");
        assert_eq!(world.balance(&user).await, 80, "killed at call {call}");
        let audit = world.audit(user.user).await;
        assert_eq!((audit.account.entries, audit.account.held.units()), (2, 0), "killed at call {call}");
        world.served_png(finished["url"].as_str().unwrap()).await;
        watch(&world, &late, &image, &user).await;
        let ending = completed(&finished, "url");
        assert_story(&world.subscribers.frames(&late), &image, &ending);
        assert_eq!(world.subscribers.frames(&early).last(), Some(&ending), "killed at call {call}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_worker_killed_before_any_call_draws_and_charges_once() {
    kill_drawing_at_every_call(Action::DieBefore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_worker_killed_after_any_call_draws_and_charges_once() {
    kill_drawing_at_every_call(Action::DieAfter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enlargement_killed_at_any_call_is_made_all_the_same() {
    let world = World::easy_writer().await;
    for call in 0..16 {
        let user = world.register(&format!("user-{call}@example.com")).await;
        let reply = world.order_image(&user, "Кот", "messenger").await;
        let image = reply.data()["image_id"].as_str().unwrap().to_owned();
        world.drain(IMAGES).await;
        world.upscale(&user, &image, 2).await;
        let event = world.receive_event(IMAGES).await;
        world.faults.plan("", call, 1, Action::DieAfter);
        world.faults.until_death(world.invoke("easy-writer-image-worker", &event)).await;
        let finished = recover(&world, &user, &image).await;
        assert_eq!(finished["status"], "completed", "killed at call {call}: {finished}");
        let (width, height, ..) = world.served_png(finished["upscaled_url"].as_str().unwrap()).await;
        assert_eq!((width, height), (1024, 1024), "killed at call {call}");
        assert_eq!(world.balance(&user).await, 80);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_was_read_and_not_kept_is_drawn_anew() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.start_image(&user).await;
    let event = world.receive_event(IMAGES).await;
    // The first object that the worker writes is what the vendor drew and has forgotten by now.
    world.faults.plan("PUT object", 0, 1, Action::DieBefore);
    assert!(!world.faults.until_death(world.invoke("easy-writer-image-worker", &event)).await);
    let finished = recover(&world, &user, &image).await;
    assert_eq!((&finished["status"], &finished["cost_raits"]), (&json!("completed"), &json!(20)), "{finished}");
    assert_eq!(world.balance(&user).await, 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_order_delivered_twice_is_drawn_once() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.start_image(&user).await;
    let event = world.receive_event(IMAGES).await;
    let twins = [(); 4].map(|()| world.invoke("easy-writer-image-worker", &event));
    for answer in futures_util::future::join_all(twins).await {
        assert_eq!(answer.unwrap(), json!({ "batchItemFailures": [] }));
    }
    assert_eq!(world.image(&user, &image).await["status"], "completed");
    let pictures = world.objects().await.iter().filter(|key| key.starts_with("uploads/images/")).count();
    assert_eq!((pictures, world.balance(&user).await), (1, 80));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_kills_every_worker_fails_with_the_money_back() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.start_image(&user).await;
    watch(&world, "c1", &image, &user).await;
    let event = world.receive_event(IMAGES).await;
    for _ in 0..3 {
        world.faults.plan("PUT object", 0, 1, Action::DieBefore);
        assert!(!world.faults.until_death(world.invoke("easy-writer-image-worker", &event)).await);
        world.faults.clear();
        world.clock.advance(61);
    }
    world.sweep().await;
    let failed = world.image(&user, &image).await;
    assert_eq!((&failed["status"], &failed["error_code"]), (&json!("failed"), &json!("IMAGE_FAILED")));
    assert_eq!(world.balance(&user).await, 100);
    let last = world.subscribers.frames("c1").last().unwrap().clone();
    assert_eq!((&last["event"], &last["code"]), (&json!("error"), &json!("IMAGE_FAILED")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_any_call_changes_nothing() {
    let world = World::easy_writer().await;
    for call in 0..24 {
        let user = world.register(&format!("user-{call}@example.com")).await;
        let reply = world.order_image(&user, "Кот", "messenger").await;
        let image = reply.data()["image_id"].as_str().unwrap().to_owned();
        world.faults.plan("", call, 1, Action::LoseAnswer);
        world.deliver(IMAGES).await;
        world.faults.clear();
        let finished = world.image(&user, &image).await;
        assert_eq!(finished["status"], "completed", "lost answer of call {call}: {finished}");
        assert_eq!(world.audit(user.user).await.account.entries, 2);
    }
}
