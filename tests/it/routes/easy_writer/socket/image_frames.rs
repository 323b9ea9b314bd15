//! What subscribers of pictures are told, whenever they come.

use serde_json::{Value, json};

use super::super::support::error_frame;
use crate::easy_writer::{IMAGES, REPLAY, Session};
use crate::world::World;

async fn watch(world: &World, connection: &str, image: &str, user: &Session) -> u64 {
    world.connect_to(connection, &format!("/ws/image/{image}"), Some(&user.token)).await
}

fn connected(image: &str) -> Value {
    json!({ "event": "connected", "image_id": image })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn early_and_late_watchers_see_the_whole_story() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.start_image(&user).await;
    watch(&world, "early", &image, &user).await;
    world.drain(REPLAY).await;
    assert_eq!(world.subscribers.frames("early"), [connected(&image)]);
    world.drain(IMAGES).await;
    watch(&world, "late", &image, &user).await;
    world.drain(REPLAY).await;
    let url = world.image(&user, &image).await["url"].clone();
    let story = [
        connected(&image),
        json!({ "event": "processing", "progress": 90 }),
        json!({ "event": "processing", "progress": 100 }),
        json!({ "event": "completed", "url": url }),
    ];
    assert_eq!(world.subscribers.frames("early"), story);
    assert_eq!(world.subscribers.frames("late"), story);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_that_is_gone_is_forgotten_and_disturbs_nobody() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.start_image(&user).await;
    for connection in ["gone", "there"] {
        watch(&world, connection, &image, &user).await;
    }
    world.drain(REPLAY).await;
    world.subscribers.cut("gone");
    world.drain(IMAGES).await;
    assert_eq!(world.subscribers.events("gone"), ["connected"]);
    assert_eq!(world.subscribers.events("there").last().map(String::as_str), Some("completed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_prompt_is_told_to_early_and_late_watchers() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let reply = world.order_image(&user, "то, что запрещено", "web").await;
    let image = reply.data()["image_id"].as_str().unwrap().to_owned();
    watch(&world, "early", &image, &user).await;
    world.drain(REPLAY).await;
    world.drain(IMAGES).await;
    watch(&world, "late", &image, &user).await;
    world.drain(REPLAY).await;
    for connection in ["early", "late"] {
        assert_eq!(world.subscribers.frames(connection), [connected(&image), error_frame("IMAGE_FAILED")]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendors_that_are_down_are_told_as_such() {
    let world = World::with_model("sandbox-500").await;
    let user = world.register("user@example.com").await;
    let reply = world.order_image(&user, "Кот sandbox-500", "web").await;
    let image = reply.data()["image_id"].as_str().unwrap().to_owned();
    world.drain(IMAGES).await;
    watch(&world, "c1", &image, &user).await;
    world.drain(REPLAY).await;
    assert_eq!(world.subscribers.frames("c1").last(), Some(&error_frame("PROVIDER_UNAVAILABLE")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_picture_cannot_be_watched() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    let image = world.start_image(&user).await;
    assert_eq!(watch(&world, "c1", &image, &other).await, 404);
    assert_eq!(world.connect_to("c1", &format!("/ws/image/{image}"), None).await, 401);
    assert_eq!(world.connect_to("c1", &format!("/ws/generation/{image}"), Some(&user.token)).await, 404);
    world.drain(REPLAY).await;
    assert_eq!(world.subscribers.frames("c1"), Vec::<Value>::new());
}
