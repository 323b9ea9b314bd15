//! `GET /api/v1/auth/google`

use super::browser::{Browser, Landing, parameters};
use super::{assert_leaves_for, assert_start_fails_on_the_front_end};
use crate::easy_writer::AUTH_RETURN_URL;
use crate::world::World;

const PATH: &str = "/api/v1/auth/google";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_is_sent_to_google_with_what_will_tie_the_answer_to_it() {
    let world = World::easy_writer().await;
    let (page, query) = assert_leaves_for(&world, "google").await;
    assert_eq!(page, format!("{}/google/o/oauth2/v2/auth", world.sandbox));
    assert_eq!(query["scope"], "openid email profile");
    assert!(query["nonce"].len() >= 43 && query["nonce"] != query["state"]);
    assert_eq!(query["client_id"], world.variable("GOOGLE_CLIENT_ID"));
    assert_eq!(query.len(), 8, "{query:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_in_a_request_can_send_the_browser_elsewhere() {
    let mut world = World::easy_writer().await;
    let evil = "redirect_uri=https://evil.example&return_url=https://evil.example&state=x&next=//evil.example";
    let mut browser = Browser::new(&world);
    let reply = browser.go(&format!("{PATH}?{evil}")).await;
    let location = reply.header("location").unwrap();
    assert!(!location.contains("evil"), "{location}");
    let query = parameters(location.split_once('?').unwrap().1);
    assert_eq!(query["redirect_uri"], "https://api.easy-writer.example/api/v1/auth/google/callback");
    world.update(&[("GoogleClientId", "")]);
    let landing = Landing::of(Browser::new(&world).go(&format!("{PATH}?{evil}")).await);
    assert_eq!(
        landing.reply.header("location"),
        Some(format!("{AUTH_RETURN_URL}#error=provider_not_configured").as_str())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_end_on_the_front_end() {
    assert_start_fails_on_the_front_end("google", "GoogleClientId").await;
}
