//! `PUT /api/v1/user/profile`

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::support::NOON;
use crate::world::World;

const PATH: &str = "/api/v1/user/profile";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_changes_for_this_user_as_often_as_wanted() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let other = world.register("other@example.com").await;
    world.clock.advance(60);
    for (sent, kept) in [
        ("Иван Петров", "Иван Петров"),
        ("Иван Петров", "Иван Петров"),
        ("  Jean-Luc O'Neill 🙂 ", "Jean-Luc O'Neill 🙂"),
        ("я", "я"),
        (&"я".repeat(100), &"я".repeat(100)),
    ] {
        let profile = json!({
            "id": user.user.to_string(), "email": "user@example.com", "name": kept, "provider": "local", "balance": 100,
            "total_generations": 0, "created_at": NOON
        });
        world.assert_answer(&world.put(PATH, &user.token, &json!({ "name": sent })).await, 200, &profile);
        world.assert_answer(&world.get(PATH, &user.token).await, 200, &profile);
    }
    assert_eq!(world.get(PATH, &other.token).await.data()["name"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_else_can_be_changed_along_with_it() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let body =
        json!({ "name": "Иван", "balance": 1_000_000, "email": "other@example.com", "id": "x", "provider": "google" });
    let reply = world.put(PATH, &user.token, &body).await;
    let profile = json!({
        "id": user.user.to_string(), "email": "user@example.com", "name": "Иван", "provider": "local", "balance": 100,
        "total_generations": 0, "created_at": NOON
    });
    world.assert_answer(&reply, 200, &profile);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_name_is_told_and_nothing_changes() {
    const TYPE: (&str, &str, &str) = ("name", "type", "Недопустимое значение");
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.put(PATH, &user.token, &json!({ "name": "Иван" })).await;
    let cases = [
        (json!({}), ("name", "required", "Заполните поле")),
        (json!({ "name": null }), TYPE),
        (json!({ "name": 5 }), TYPE),
        (json!({ "name": "" }), ("name", "required", "Укажите имя")),
        (json!({ "name": " \n " }), ("name", "required", "Укажите имя")),
        (json!({ "name": "я".repeat(101) }), ("name", "too_long", "Имя должно быть не длиннее 100 символов")),
        (json!({ "name": "Иван\u{0}" }), ("name", "format", "Имя содержит недопустимые символы")),
        (json!({ "name": "Иван\nПетров" }), ("name", "format", "Имя содержит недопустимые символы")),
    ];
    for (body, field) in cases {
        world.assert_invalid(&world.put(PATH, &user.token, &body).await, &[field]);
    }
    assert_eq!(world.get(PATH, &user.token).await.data()["name"], "Иван");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_changes_at_once_one_is_the_last() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let names: Vec<_> = (0..8).map(|number| json!({ "name": format!("Иван {number}") })).collect();
    let replies = join_all(names.iter().map(|body| world.put(PATH, &user.token, body))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    let name = world.get(PATH, &user.token).await.data()["name"].clone();
    assert!(names.iter().any(|body| body["name"] == name), "{name}");
}
