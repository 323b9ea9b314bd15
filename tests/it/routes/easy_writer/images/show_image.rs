//! `GET /api/v1/images/{image_id}`

use serde_json::json;

use super::super::support::NOON;
use crate::contract::assert_type;
use crate::easy_writer::IMAGES;
use crate::world::World;

const UNKNOWN: &str = "0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_processing_then_completed() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.start_image(&user).await;
    let path = format!("/api/v1/images/{image}");
    let mut expected = json!({
        "image_id": image, "status": "processing", "prompt": "Красивый закат над морем", "format": "web", "style": "DEFAULT",
        "width": 1024, "height": 1024, "url": "", "thumbnail_url": null, "upscaled_url": null, "upscale_scale": null,
        "provider_used": "", "resampled_from": null, "cost_raits": 0, "error_code": null, "created_at": NOON
    });
    let reply = world.get(&path, &user.token).await;
    world.assert_answer(&reply, 200, &expected);
    assert_type("GeneratedImage", reply.data());
    world.drain(IMAGES).await;
    let reply = world.get(&path, &user.token).await;
    let drawn = reply.data();
    assert_type("GeneratedImage", drawn);
    let url = drawn["url"].as_str().unwrap();
    let name = url.strip_prefix("/uploads/images/").and_then(|rest| rest.strip_suffix(".png")).unwrap();
    assert!(name.parse::<uuid::Uuid>().is_ok() && name != image, "nobody can guess it: {url}");
    expected["status"] = "completed".into();
    expected["url"] = url.into();
    expected["thumbnail_url"] = format!("/uploads/thumbnails/{name}.jpg").into();
    expected["provider_used"] = "kandinsky".into();
    expected["cost_raits"] = 20.into();
    world.assert_answer(&reply, 200, &expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_picture_has_the_contracts_type_too() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let reply = world.order_image(&user, "то, что запрещено", "banner").await;
    world.drain(IMAGES).await;
    let image = world.image(&user, reply.data()["image_id"].as_str().unwrap()).await;
    assert_type("GeneratedImage", &image);
    assert_eq!(image["status"], "failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_picture_does_not_exist() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    let image = world.draw_image(&user).await;
    let reply = world.get(&format!("/api/v1/images/{image}"), &other.token).await;
    world.assert_refusal(&reply, 404, "IMAGE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_picture_is_not_found() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    for id in [UNKNOWN, "unknown", &session] {
        let reply = world.get(&format!("/api/v1/images/{id}"), &user.token).await;
        world.assert_refusal(&reply, 404, "IMAGE_NOT_FOUND");
    }
}
