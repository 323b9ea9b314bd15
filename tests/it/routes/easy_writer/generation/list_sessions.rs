//! `GET /api/v1/generation/sessions`

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::support::{NOON, access_token, assert_no_repeats, assert_page_bounds, assert_pages, page};
use crate::easy_writer::{GENERATION, Session};
use crate::world::World;

const PATH: &str = "/api/v1/generation/sessions";

/// Runs a tool and returns the line that this should make.
async fn run(world: &World, user: &Session) -> Value {
    let reply = world.execute(user, "spell_check", "quick", json!({ "text": "Привет мир" })).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    json!({
        "session_id": reply.data()["session_id"], "tool_id": "spell_check", "tool_name": "Проверка орфографии",
        "status": "completed", "preview": "Привет мир", "cost_raits": 5, "created_at": reply.body["meta"]["timestamp"]
    })
}

fn essay(session: &str, status: &str) -> Value {
    json!({
        "session_id": session, "tool_id": "essay", "tool_name": "Эссе", "status": status, "preview": "", "cost_raits": 0,
        "created_at": NOON
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_exact_with_no_one_ten_eleven_twenty_and_twenty_one_sessions() {
    let mut world = World::easy_writer().await;
    let nobody = access_token(&world, "easy-writer", world.token_keys(), Uuid::from_u128(7).into(), 0);
    assert_pages(&world, &nobody, PATH, "sessions", 10, &[]).await;
    let user = world.register("user@example.com").await;
    assert_pages(&world, &user.token, PATH, "sessions", 10, &[]).await;

    // 100 raits are 20 sessions; one that fails is the twenty-first.
    let session = world.start_essay(&user).await;
    world.update(&[("OpenAiModel", "sandbox-500")]);
    world.deliver(GENERATION).await;
    world.update(&[("OpenAiModel", "sandbox")]);
    let mut all = vec![essay(&session, "failed")];
    assert_pages(&world, &user.token, PATH, "sessions", 10, &all).await;
    for number in 2..=21 {
        // Some at the same time, some later: the latest always comes first.
        world.clock.advance(number % 2);
        all.insert(0, run(&world, &user).await);
        if [10, 11, 20, 21].contains(&number) {
            assert_pages(&world, &user.token, PATH, "sessions", 10, &all).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_follows_its_session_until_it_is_deleted() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    let lines = async || page(&world, &user.token, PATH, "sessions").await;
    assert_eq!(lines().await.0, [essay(&session, "pending")]);
    world.clock.advance(30);
    world.deliver(GENERATION).await;

    let full = world.session(&user, &session).await;
    let text = full["result"].as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let (shown, _) = lines().await;
    let preview = shown[0]["preview"].as_str().unwrap();
    assert!(preview.chars().count() <= 101, "{preview}");
    assert!(text.starts_with(preview.trim_end_matches('…')), "{preview}");
    let mut completed = essay(&session, "completed");
    completed["preview"] = json!(preview);
    completed["cost_raits"] = full["cost_raits"].clone();
    assert_eq!(shown, [completed]);

    world.delete(&format!("{PATH}/{session}"), &user.token).await;
    let empty = json!({ "total": 0, "limit": 10, "offset": 0, "has_more": false });
    assert_eq!(lines().await, (Vec::new(), empty));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_from_the_middle_leaves_pages_exact() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let mut all = Vec::new();
    for _ in 0..12 {
        all.insert(0, run(&world, &user).await);
    }
    for index in [11, 5, 0] {
        let gone = all.remove(index);
        world.delete(&format!("{PATH}/{}", gone["session_id"].as_str().unwrap()), &user.token).await;
    }
    assert_pages(&world, &user.token, PATH, "sessions", 10, &all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_see_their_own_only() {
    let world = World::easy_writer().await;
    let (user, other) = (world.register("user@example.com").await, world.register("other@example.com").await);
    run(&world, &user).await;
    assert_pages(&world, &other.token, PATH, "sessions", 10, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_cannot_be_are_refused() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    assert_page_bounds(&world, &user.token, PATH).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_given_twice_is_refused_by_name() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    assert_no_repeats(&world, &user.token, PATH).await;
}
