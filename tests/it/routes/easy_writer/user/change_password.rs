//! `PUT /api/v1/user/password`

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::easy_writer::Session;
use crate::world::{Reply, World};

const PATH: &str = "/api/v1/user/password";
const REFRESH: &str = "/api/v1/auth/refresh";

async fn change(world: &World, user: &Session, current: &str, new: &str) -> Reply {
    world.put(PATH, &user.token, &json!({ "current_password": current, "new_password": new })).await
}

async fn log_in(world: &World, password: &str) -> Reply {
    world.post("/api/v1/auth/login", None, &json!({ "email": "user@example.com", "password": password })).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_new_password_signs_in_and_the_old_one_does_not() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let reply = change(&world, &user, "pass123456", "новый пароль").await;
    world.assert_answer(&reply, 200, &json!({ "message": "Password changed" }));
    world.assert_refusal(&log_in(&world, "pass123456").await, 401, "INVALID_CREDENTIALS");
    assert_eq!(log_in(&world, "новый пароль").await.status, 200);
    world.assert_refusal(&change(&world, &user, "pass123456", "other123456").await, 401, "INVALID_CREDENTIALS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_other_sign_ins_end_and_the_own_one_stays() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let stranger = world.register("stranger@example.com").await;
    let other = log_in(&world, "pass123456").await.refresh_token();
    assert_eq!(change(&world, &user, "pass123456", "new123456").await.status, 200);
    world.assert_refusal(&world.post_with_cookie(REFRESH, &other).await, 401, "TOKEN_INVALID");
    assert_eq!(world.post_with_cookie(REFRESH, &user.refresh).await.status, 200);
    assert_eq!(world.post_with_cookie(REFRESH, &stranger.refresh).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_sign_ins_than_fit_one_transaction_end_too() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let others: Vec<_> = join_all((0..105).map(|_| log_in(&world, "pass123456"))).await;
    assert_eq!(change(&world, &user, "pass123456", "new123456").await.status, 200);
    for other in others {
        let refused = world.post_with_cookie(REFRESH, &other.refresh_token()).await;
        world.assert_refusal(&refused, 401, "TOKEN_INVALID");
    }
    assert_eq!(world.post_with_cookie(REFRESH, &user.refresh).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_current_password_changes_nothing() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let other = log_in(&world, "pass123456").await.refresh_token();
    for wrong in ["", "pass12345", "PASS123456", "pass123456 "] {
        world.assert_refusal(&change(&world, &user, wrong, "new123456").await, 401, "INVALID_CREDENTIALS");
    }
    assert_eq!(log_in(&world, "pass123456").await.status, 200);
    assert_eq!(log_in(&world, "new123456").await.status, 401);
    assert_eq!(world.post_with_cookie(REFRESH, &other).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_names_its_field_and_nothing_changes() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let body = |new: &str| json!({ "current_password": "pass123456", "new_password": new });
    let cases = [
        (json!({ "new_password": "new123456" }), ("current_password", "required", "Заполните поле")),
        (json!({ "current_password": "pass123456" }), ("new_password", "required", "Заполните поле")),
        (
            json!({ "current_password": 5, "new_password": "new123456" }),
            ("current_password", "type", "Недопустимое значение"),
        ),
        (
            json!({ "current_password": "pass123456", "new_password": null }),
            ("new_password", "type", "Недопустимое значение"),
        ),
        (body(""), ("new_password", "too_short", "Пароль должен быть не короче 8 символов")),
        (body("пароль1"), ("new_password", "too_short", "Пароль должен быть не короче 8 символов")),
        (body(&"x".repeat(129)), ("new_password", "too_long", "Пароль должен быть не длиннее 128 символов")),
    ];
    for (body, field) in cases {
        world.assert_invalid(&world.put(PATH, &user.token, &body).await, &[field]);
    }
    assert_eq!(log_in(&world, "pass123456").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_at_once_one_wins() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let passwords = ["first123456", "second123456"];
    let replies = join_all(passwords.map(|new| change(&world, &user, "pass123456", new))).await;
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    for (reply, password) in replies.iter().zip(passwords) {
        assert_eq!(log_in(&world, password).await.status, reply.status, "the password that was reported as set works");
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_user_may_try_so_often() {
    let world = World::with_limits("3/60").await;
    let user = world.register("user@example.com").await;
    let other = world.register("other@example.com").await;
    for remaining in [2, 1, 0] {
        let reply = change(&world, &user, "guess123456", "new123456").await;
        world.assert_refusal(&reply, 401, "INVALID_CREDENTIALS");
        world.assert_quota(&reply, 3, remaining, 60);
    }
    world.assert_rate_limited(&change(&world, &user, "pass123456", "new123456").await, 3, 60);
    assert_eq!(change(&world, &other, "pass123456", "new123456").await.status, 200);
    world.clock.advance(60);
    assert_eq!(change(&world, &user, "pass123456", "new123456").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_owner_is_written_that_it_happened_and_a_silent_mail_service_keeps_nobody() {
    let mut world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    let reply = world.put("/api/v1/user/password", &user.token, &change("wrong-password", "new1234567")).await;
    assert_eq!(reply.status, 401);
    assert_eq!(world.letters().await, Vec::<Value>::new());
    assert_eq!(world.put("/api/v1/user/password", &user.token, &change("pass123456", "new1234567")).await.status, 200);
    let letters = world.letters().await;
    assert_eq!(
        (letters.len(), &letters[0]["to"], &letters[0]["subject"]),
        (1, &json!("user@example.com"), &json!("Пароль изменён"))
    );
    assert!(!letters[0]["text"].as_str().unwrap().contains("new1234567"));
    for broken in ["http://127.0.0.1:1", ""] {
        world.update(&[("UnisenderBaseUrl", broken)]);
        let back =
            if broken.is_empty() { change("pass123456", "new1234567") } else { change("new1234567", "pass123456") };
        assert_eq!(world.put("/api/v1/user/password", &user.token, &back).await.status, 200, "{broken}");
        world.update(&[("UnisenderApiKey", "")]);
    }
    assert_eq!(world.letters().await.len(), 1);
}
