//! `POST /api/v1/images/{image_id}/upscale`

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::generation::ProviderId;
use domain::kernel::JobKind;
use futures_util::future::join_all;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::easy_writer::{IMAGES, REPLAY};
use crate::world::World;

const UNKNOWN: &str = "0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_enlarged_for_nothing() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.draw_image(&user).await;
    for scale in [2, 4] {
        let reply = world.upscale(&user, &image, scale).await;
        let expected =
            json!({ "image_id": image, "status": "processing", "websocket_url": format!("/ws/image/{image}") });
        world.assert_answer(&reply, 202, &expected);
        assert_eq!(world.image(&user, &image).await["status"], "processing");
        world.drain(IMAGES).await;
        let after = world.image(&user, &image).await;
        assert_eq!((&after["status"], &after["upscale_scale"]), (&json!("completed"), &json!(scale)));
        let (width, height, ..) = world.served_png(after["upscaled_url"].as_str().unwrap()).await;
        assert_eq!((width, height), (1024 * scale, 1024 * scale));
        assert_ne!(after["upscaled_url"], after["url"]);
    }
    assert_eq!(world.balance(&user).await, 80);
    assert_eq!(world.audit(user.user).await.account.entries, 2);
}

/// A picture of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";

/// Plays an enlarger that succeeds, is down, and sends a torn file, in this order. Returns its address, how often it was asked, and what stops
/// it when dropped.
async fn start_enlarger() -> (String, Arc<AtomicUsize>, JoinSet<()>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let enlarge = async move |request: Request| {
        assert!(request.headers()[header::CONTENT_TYPE].as_bytes().starts_with(b"multipart/form-data"));
        to_bytes(request.into_body(), 16 << 20).await.unwrap();
        let pixel = STANDARD.decode(PIXEL).unwrap();
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => pixel.into_response(),
            1 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            _ => pixel[..20].to_vec().into_response(),
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/v2beta/stable-image/upscale/fast", axum::routing::post(enlarge));
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, asked, serving)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configured_vendor_enlarges_what_it_takes() {
    let (url, asked, _serving) = start_enlarger().await;
    let world = World::easy_writer_with(&[("StabilityBaseUrl", &url), ("StabilityApiKey", "sk-test")]).await;
    let user = world.register("user@example.com").await;
    let image = world.draw_image(&user).await;
    let jobs = world.jobs();
    for (scale, times, enlarged_by) in
        [(2, 1, ProviderId::Stability), (4, 2, ProviderId::Kandinsky), (2, 3, ProviderId::Kandinsky)]
    {
        world.upscale(&user, &image, scale).await;
        world.drain(IMAGES).await;
        let after = world.image(&user, &image).await;
        let (width, height, ..) = world.served_png(after["upscaled_url"].as_str().unwrap()).await;
        assert_eq!((&after["upscale_scale"], width, height), (&json!(scale), 1024 * scale, 1024 * scale));
        assert_eq!(asked.load(Ordering::SeqCst), times);
        let picture = jobs.of(JobKind::Image).get(user.user, image.parse().unwrap()).await.unwrap();
        let copy = jobs.of(JobKind::Upscale).get(user.user, picture.successor.unwrap()).await.unwrap();
        assert_eq!(copy.provider, Some(enlarged_by));
    }
    // 2048 pixels a side are more than it takes.
    let print = world.order_image(&user, "Закат", "print").await.data()["image_id"].as_str().unwrap().to_owned();
    world.drain(IMAGES).await;
    world.upscale(&user, &print, 2).await;
    world.drain(IMAGES).await;
    assert_eq!(world.image(&user, &print).await["upscale_scale"], 2);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_there_is_not_made_again() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.draw_image(&user).await;
    world.upscale(&user, &image, 2).await;
    assert_eq!(world.upscale(&user, &image, 2).await.data()["status"], "processing");
    assert_eq!(world.queued(IMAGES).await, 1);
    world.drain(IMAGES).await;
    let before = world.image(&user, &image).await;
    let again = world.upscale(&user, &image, 2).await;
    assert_eq!((again.status, &again.data()["status"]), (202, &json!("completed")));
    assert_eq!(world.queued(IMAGES).await, 0);
    assert_eq!(world.image(&user, &image).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_copy_is_made_at_a_time() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.draw_image(&user).await;
    let replies = join_all([2, 4, 2, 4].map(|scale| world.upscale(&user, &image, scale))).await;
    assert!(replies.iter().all(|reply| matches!(reply.status, 202 | 409)), "{replies:?}");
    assert_eq!(world.queued(IMAGES).await, 1);
    let refused = replies.iter().filter(|reply| reply.status == 409);
    for reply in refused {
        assert_eq!(reply.failure().1, "IN_PROGRESS");
    }
    world.drain(IMAGES).await;
    assert_eq!(world.image(&user, &image).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_is_not_there_cannot_be_enlarged() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.start_image(&user).await;
    world.assert_refusal(&world.upscale(&user, &image, 2).await, 409, "IN_PROGRESS");
    let failing = world.order_image(&user, "то, что запрещено", "web").await;
    world.drain(IMAGES).await;
    let failed = failing.data()["image_id"].as_str().unwrap();
    world.assert_refusal(&world.upscale(&user, failed, 2).await, 409, "NOT_COMPLETED");
    let other = world.register("other@example.com").await;
    for (caller, id) in [(&other, image.as_str()), (&user, UNKNOWN), (&user, "unknown")] {
        world.assert_refusal(&world.upscale(caller, id, 2).await, 404, "IMAGE_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_two_and_four_are_scales() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.draw_image(&user).await;
    for scale in [0, 1, 3, 5, 8, u32::MAX] {
        let reply = world.upscale(&user, &image, scale).await;
        world.assert_invalid(&reply, &[("scale", "not_allowed", "Допустимые значения: 2, 4")]);
    }
    let path = format!("/api/v1/images/{image}/upscale");
    for other in [json!({ "scale": -2 }), json!({ "scale": "2" }), json!({ "scale": 2.5 })] {
        let reply = world.post(&path, Some(&user.token), &other).await;
        world.assert_invalid(&reply, &[("scale", "type", "Недопустимое значение")]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_watches_the_picture_sees_it_being_enlarged() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let image = world.draw_image(&user).await;
    world.upscale(&user, &image, 2).await;
    world.connect_to("c1", &format!("/ws/image/{image}"), Some(&user.token)).await;
    world.drain(REPLAY).await;
    world.drain(IMAGES).await;
    let frames = world.subscribers.frames("c1");
    assert_eq!(frames[0], json!({ "event": "connected", "image_id": image }));
    let url = world.image(&user, &image).await["upscaled_url"].clone();
    assert_eq!(*frames.last().unwrap(), json!({ "event": "completed", "url": url }));
}
