//! `GET /api/v1/auth/yandex`

use super::{assert_leaves_for, assert_start_fails_on_the_front_end};
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_is_sent_to_yandex_with_what_will_tie_the_answer_to_it() {
    let world = World::easy_writer().await;
    let (page, query) = assert_leaves_for(&world, "yandex").await;
    assert_eq!(page, format!("{}/yandex/authorize", world.sandbox));
    assert_eq!(query["scope"], "login:info login:email");
    assert_eq!(query["client_id"], world.variable("YANDEX_CLIENT_ID"));
    assert_eq!(query.len(), 7, "{query:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_end_on_the_front_end() {
    assert_start_fails_on_the_front_end("yandex", "YandexClientId").await;
}
