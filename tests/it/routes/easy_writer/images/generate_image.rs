//! `POST /api/v1/images/generate`

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use super::GENERATE as PATH;
use crate::easy_writer::{IMAGES, Session};
use crate::world::{Action, Reply, World, request};

async fn send(world: &World, user: &Session, key: &str, body: &Value) -> Reply {
    let mut request = request(Method::POST, PATH, Some(&user.token), body);
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    world.send(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_reserved_and_sent_to_be_drawn() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let reply = world.order_image(&user, "  Красивый закат над морем ", "web").await;
    let image = reply.data()["image_id"].as_str().unwrap().to_owned();
    let expected = json!({ "image_id": image, "status": "processing", "websocket_url": format!("/ws/image/{image}") });
    world.assert_answer(&reply, 202, &expected);
    assert_eq!((world.balance(&user).await, world.queued(IMAGES).await), (80, 1));
    assert_eq!(world.audit(user.user).await.account.held.units(), 20);
    world.drain(IMAGES).await;
    assert_eq!(world.balance(&user).await, 80);
    let transactions = world.get("/api/v1/user/transactions", &user.token).await;
    let last = &transactions.data()["transactions"][0];
    assert_eq!(
        (&last["amount"], &last["description"], &last["id"]),
        (&json!(-20), &json!("Генерация изображения"), &json!(image))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_format_has_its_size() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let formats = [("web", 1024, 1024), ("banner", 2048, 1024), ("print", 2048, 2048), ("messenger", 512, 512)];
    for (format, width, height) in formats {
        let reply = world.order_image(&user, "Осенний лес", format).await;
        world.drain(IMAGES).await;
        let image = world.image(&user, reply.data()["image_id"].as_str().unwrap()).await;
        assert_eq!((&image["width"], &image["height"]), (&json!(width), &json!(height)), "{format}");
        let (w, h, kind, caching) = world.served_png(image["url"].as_str().unwrap()).await;
        assert_eq!((w, h), (width, height), "{format}");
        assert_eq!((kind.as_str(), caching.as_str()), ("image/png", "public, max-age=31536000, immutable"));
        let resampled = width > 1024 || height > 1024;
        assert_eq!(image["resampled_from"].is_object(), resampled, "{format}: {image}");
    }
    assert_eq!(world.balance(&user).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_format_that_there_is_not_is_refused_by_its_code() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for format in ["", "WEB", "poster", " web"] {
        let reply = world.order_image(&user, "Закат", format).await;
        assert_eq!(reply.failure(), (400, "INVALID_FORMAT"), "{format:?}");
        assert_eq!(reply.body["error"]["details"]["fields"][0]["field"], "format");
    }
    let token = Some(user.token.as_str());
    let missing = world.post(PATH, token, &json!({ "prompt": "Закат" })).await;
    world.assert_invalid(&missing, &[("format", "required", "Заполните поле")]);
    let number = world.post(PATH, token, &json!({ "prompt": "Закат", "format": 7 })).await;
    world.assert_invalid(&number, &[("format", "type", "Недопустимое значение")]);
    assert_eq!((world.balance(&user).await, world.queued(IMAGES).await), (100, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prompts_have_bounds_and_styles_have_names() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let order = |prompt: String, style: &str| {
        let body = json!({ "prompt": prompt, "format": "messenger", "style": style });
        let (world, user) = (&world, &user);
        async move { world.post(PATH, Some(&user.token), &body).await }
    };
    for blank in ["", " ", "\n\t"] {
        let reply = order(blank.to_owned(), "DEFAULT").await;
        world.assert_invalid(&reply, &[("prompt", "required", "Опишите, что должно быть на изображении")]);
    }
    let reply = order("🙂".repeat(1001), "DEFAULT").await;
    world.assert_invalid(&reply, &[("prompt", "too_long", "Описание должно быть не длиннее 1000 символов")]);
    let reply = order("Закат".to_owned(), "default").await;
    world.assert_invalid(&reply, &[("style", "not_allowed", "Допустимые стили: DEFAULT, KANDINSKY, UHD, ANIME")]);
    assert_eq!(world.balance(&user).await, 100);
    let long = order("🙂".repeat(1000), "ANIME").await;
    assert_eq!(long.status, 202);
    world.drain(IMAGES).await;
    let image = world.image(&user, long.data()["image_id"].as_str().unwrap()).await;
    assert_eq!((&image["status"], &image["style"]), (&json!("completed"), &json!("ANIME")));
    assert_eq!(image["prompt"], "🙂".repeat(1000));
    // Written as JSON, this does not fit into the item.
    let escaped = format!("Закат {}", "\u{1}".repeat(994));
    let order_of_an_object = order(escaped.clone(), "UHD").await;
    assert_eq!(world.objects_under("jobs/").await.len(), 1);
    world.drain(IMAGES).await;
    let image = world.image(&user, order_of_an_object.data()["image_id"].as_str().unwrap()).await;
    assert_eq!((&image["status"], &image["prompt"]), (&json!("completed"), &json!(escaped)));
    for style in ["KANDINSKY", "UHD"] {
        assert_eq!(order("Кот".to_owned(), style).await.status, 202);
    }
    world.drain(IMAGES).await;
    let unstyled = world.post(PATH, Some(&user.token), &json!({ "prompt": "Кот", "format": "web" })).await;
    assert_eq!(world.image(&user, unstyled.data()["image_id"].as_str().unwrap()).await["style"], "DEFAULT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_that_does_not_suffice_is_told_and_nothing_is_ordered() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for _ in 0..5 {
        world.start_image(&user).await;
    }
    let refused = world.order_image(&user, "Закат", "web").await;
    world.assert_refusal_with(&refused, 402, "INSUFFICIENT_BALANCE", &json!({ "required": 20, "balance": 0 }));
    let refused = world.order_image(&user, &format!("Закат {}", "\u{1}".repeat(994)), "web").await;
    assert_eq!(refused.status, 402);
    assert!(world.objects_under("jobs/").await.is_empty(), "a refused order leaves nothing");
    assert_eq!(world.queued(IMAGES).await, 5);
    assert_eq!(world.get("/api/v1/images", &user.token).await.data()["pagination"]["total"], 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_at_once_never_spend_more_than_there_is() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let replies = join_all((0..16).map(|_| world.order_image(&user, "Закат", "web"))).await;
    let taken = replies.iter().filter(|reply| reply.status == 202).count();
    assert_eq!((taken, world.balance(&user).await), (5, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_repeated_with_its_idempotency_key_draws_once() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let body = json!({ "prompt": "Закат", "format": "web" });
    let replies = join_all((0..6).map(|_| send(&world, &user, "key-1", &body))).await;
    let ids: Vec<_> = replies.iter().map(|reply| reply.data()["image_id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(world.balance(&user).await, 80);
    world.drain(IMAGES).await;
    let repeated = send(&world, &user, "key-1", &body).await;
    assert_eq!((&repeated.data()["image_id"], &repeated.data()["status"]), (&ids[0], &json!("completed")));
    let other = send(&world, &user, "key-1", &json!({ "prompt": "Рассвет", "format": "web" })).await;
    world.assert_refusal(&other, 409, "IDEMPOTENCY_KEY_REUSED");
    // A key of another endpoint is another request.
    let mut run = request(
        Method::POST,
        "/api/v1/tools/spell_check/execute",
        Some(&user.token),
        &json!({ "input": { "text": "Привет" } }),
    );
    run.headers_mut().insert("idempotency-key", "key-1".parse().unwrap());
    world.assert_refusal(&world.send(run).await, 409, "IDEMPOTENCY_KEY_REUSED");
    let stranger = world.register("other@example.com").await;
    assert_ne!(send(&world, &stranger, "key-1", &body).await.data()["image_id"], ids[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prompt_that_the_vendor_refuses_costs_nothing() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let reply = world.order_image(&user, "то, что запрещено", "web").await;
    world.drain(IMAGES).await;
    let image = world.image(&user, reply.data()["image_id"].as_str().unwrap()).await;
    assert_eq!((&image["status"], &image["error_code"]), (&json!("failed"), &json!("IMAGE_FAILED")));
    assert_eq!((&image["url"], &image["cost_raits"]), (&json!(""), &json!(0)));
    assert_eq!(world.balance(&user).await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_vendor_draws_when_the_first_does_not() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for trouble in ["sandbox-queue-full", "sandbox-fail", "sandbox-lost", "sandbox-500"] {
        let reply = world.order_image(&user, &format!("Кот {trouble}"), "messenger").await;
        world.drain(IMAGES).await;
        let image = world.image(&user, reply.data()["image_id"].as_str().unwrap()).await;
        assert_eq!((&image["status"], &image["provider_used"]), (&json!("completed"), &json!("openai")), "{trouble}");
    }
    assert_eq!(world.balance(&user).await, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vendors_that_are_all_down_cost_nothing() {
    let world = World::with_model("sandbox-500").await;
    let user = world.register("user@example.com").await;
    let reply = world.order_image(&user, "Кот sandbox-500", "web").await;
    world.drain(IMAGES).await;
    let image = world.image(&user, reply.data()["image_id"].as_str().unwrap()).await;
    assert_eq!((&image["status"], &image["error_code"]), (&json!("failed"), &json!("PROVIDER_UNAVAILABLE")));
    assert_eq!(world.balance(&user).await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_down_delays_the_picture_only() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.faults.plan("SendMessage", 0, usize::MAX, Action::Throttle);
    let image = world.start_image(&user).await;
    world.faults.clear();
    assert_eq!(world.queued(IMAGES).await, 0);
    world.clock.advance(121);
    world.sweep().await;
    world.drain(IMAGES).await;
    assert_eq!(world.image(&user, &image).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_user_may_order_so_much() {
    let world = World::with_limits("3/60").await;
    let user = world.register("user@example.com").await;
    for _ in 0..3 {
        assert_eq!(world.order_image(&user, "", "web").await.status, 400);
    }
    let limited = world.order_image(&user, "Закат", "web").await;
    assert_eq!(limited.failure(), (429, "RATE_LIMITED"));
    assert_eq!(world.balance(&user).await, 100);
}
