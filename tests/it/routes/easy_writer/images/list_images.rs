//! `GET /api/v1/images`

use serde_json::json;

use super::super::support::{assert_pages, page};
use crate::easy_writer::IMAGES;
use crate::world::World;

const PATH: &str = "/api/v1/images";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_exact_and_the_latest_comes_first() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    assert_pages(&world, &user.token, PATH, "images", 10, &[]).await;
    let mut all = Vec::new();
    for number in 0..5 {
        world.clock.advance(number % 2);
        let reply = world.order_image(&user, &format!("Закат {number}"), "messenger").await;
        let created_at = reply.body["meta"]["timestamp"].clone();
        world.drain(IMAGES).await;
        let image = world.image(&user, reply.data()["image_id"].as_str().unwrap()).await;
        let line = json!({
            "image_id": image["image_id"], "status": "completed", "prompt": format!("Закат {number}"),
            "thumbnail_url": image["thumbnail_url"], "format": "messenger", "created_at": created_at
        });
        all.insert(0, line);
        assert_pages(&world, &user.token, PATH, "images", 10, &all).await;
    }
    // Sessions are another list.
    assert_eq!(world.get("/api/v1/generation/sessions", &user.token).await.data()["pagination"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_follows_its_picture() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.start_image(&user).await;
    let line = async || page(&world, &user.token, PATH, "images").await.0[0].clone();
    let waiting = line().await;
    assert_eq!((&waiting["status"], &waiting["thumbnail_url"]), (&json!("processing"), &json!("")));
    world.drain(IMAGES).await;
    let drawn = line().await;
    assert_eq!(drawn["status"], "completed");
    let key = drawn["thumbnail_url"].as_str().unwrap().trim_start_matches('/').to_owned();
    assert!(world.objects().await.contains(&key), "{key}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_see_their_own_only() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    world.start_image(&user).await;
    assert_pages(&world, &other.token, PATH, "images", 10, &[]).await;
}
