//! `POST /api/v1/auth/logout`

use serde_json::{Value, json};

use super::assert_refresh_cookie;
use crate::world::{Reply, World};

const PATH: &str = "/api/v1/auth/logout";
const REFRESH: &str = "/api/v1/auth/refresh";

#[track_caller]
fn assert_logged_out(world: &World, reply: &Reply) {
    world.assert_answer(reply, 200, &json!({ "message": "Logged out" }));
    assert_refresh_cookie(reply, "", &["HttpOnly", "Secure", "SameSite=Strict", "Path=/api/v1/auth", "Max-Age=0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sign_in_ends_and_the_cookie_goes() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let other = world.register("other@example.com").await;
    assert_logged_out(&world, &world.post_with_cookie(PATH, &user.refresh).await);
    let refused = world.post_with_cookie(REFRESH, &user.refresh).await;
    world.assert_refusal(&refused, 401, "TOKEN_INVALID");
    assert_eq!(world.post_with_cookie(REFRESH, &other.refresh).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_again_or_without_a_sign_in_is_fine() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for token in [&user.refresh, &user.refresh, "", "garbage", &user.token] {
        assert_logged_out(&world, &world.post_with_cookie(PATH, token).await);
    }
    assert_logged_out(&world, &world.post(PATH, None, &Value::Null).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_token_as_cookie_ends_nothing() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    assert_logged_out(&world, &world.post_with_cookie(PATH, &user.token).await);
    assert_logged_out(&world, &world.post(PATH, Some(&user.token), &Value::Null).await);
    assert_eq!(world.post_with_cookie(REFRESH, &user.refresh).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_token_signs_out_too() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let newest = world.post_with_cookie(REFRESH, &user.refresh).await.refresh_token();
    assert_logged_out(&world, &world.post_with_cookie(PATH, &user.refresh).await);
    world.assert_refusal(&world.post_with_cookie(REFRESH, &newest).await, 401, "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_token_is_cleared_as_well() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    world.clock.advance(31 * 24 * 3600);
    assert_logged_out(&world, &world.post_with_cookie(PATH, &user.refresh).await);
}
