//! Accounts and sessions.

pub(crate) mod browser;
mod finish_google;
mod finish_yandex;
mod log_in;
mod log_out;
mod refresh;
mod register;
mod show_me;
mod start_google;
mod start_yandex;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::identity::code_challenge;
use serde_json::{Value, json};

use self::browser::{Browser, Landing, me, nowhere, parameters, with_parameter};
use super::support::NOON;
use crate::world::{Action, Reply, World};

/// How the refresh cookie is kept.
const COOKIE: [&str; 5] = ["HttpOnly", "Secure", "SameSite=Strict", "Path=/api/v1/auth", "Max-Age=2592000"];

/// Asserts that the answer sets one cookie, the refresh token with these attributes.
#[track_caller]
fn assert_refresh_cookie(reply: &Reply, token: &str, attributes: &[&str]) {
    let [cookie] = reply.cookies.as_slice() else { panic!("{:?}", reply.cookies) };
    let mut parts = cookie.split("; ");
    assert_eq!(parts.next(), Some(format!("refresh_token={token}").as_str()));
    assert_eq!(parts.collect::<BTreeSet<_>>(), attributes.iter().copied().collect());
}

/// Asserts that the answer signs somebody in: whole body, cookie, and tokens that work.
async fn assert_signed_in(world: &World, reply: &Reply, status: u16, email: &str, balance: i64) {
    let token = reply.body["data"]["access_token"].as_str().unwrap_or_default();
    let me = world.get("/api/v1/auth/me", token).await;
    assert_eq!(me.data()["email"], email);
    let user = json!({
        "id": me.data()["id"], "email": email, "name": Value::Null, "provider": "local", "balance": balance, "created_at": NOON
    });
    world.assert_answer(reply, status, &json!({ "user": user, "access_token": token, "expires_in": 900 }));
    let refresh = reply.refresh_token();
    assert_refresh_cookie(reply, &refresh, &COOKIE);
    assert_eq!(world.post_with_cookie("/api/v1/auth/refresh", &refresh).await.status, 200);
}

/// How the cookie is kept that waits for a browser which is away.
const ATTEMPT_COOKIE: [&str; 5] = ["HttpOnly", "Secure", "SameSite=Lax", "Path=/api/v1/auth", "Max-Age=600"];

/// Asserts that the answer sets the cookie `name` with these attributes. Returns its value.
#[track_caller]
fn cookie<'a>(reply: &'a Reply, name: &str, attributes: &[&str]) -> &'a str {
    let mut found = reply.cookies.iter().filter_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='));
    let mut parts = found.next().unwrap_or_else(|| panic!("{:?}", reply.cookies)).split("; ");
    let value = parts.next().unwrap();
    assert_eq!(parts.collect::<BTreeSet<_>>(), attributes.iter().copied().collect());
    assert!(found.next().is_none());
    value
}

/// Asserts that the browser gets a cookie that belongs to the request which it takes to the provider, and both anew each time.
/// Returns the page's address and parameters.
async fn assert_leaves_for(world: &World, provider: &str) -> (String, BTreeMap<String, String>) {
    let path = format!("/api/v1/auth/{provider}");
    let reply = Browser::new(world).go(&path).await;
    assert_eq!((reply.status, reply.text.as_str()), (302, ""));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(reply.cookies.len(), 1, "{:?}", reply.cookies);
    let attempt = cookie(&reply, "oauth_attempt", &ATTEMPT_COOKIE);
    let (page, query) = reply.header("location").unwrap().split_once('?').unwrap();
    let query = parameters(query);
    assert_eq!((query["response_type"].as_str(), query["code_challenge_method"].as_str()), ("code", "S256"));
    assert_eq!(query["redirect_uri"], format!("https://api.easy-writer.example{path}/callback"));
    let claims = URL_SAFE_NO_PAD.decode(attempt.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["state"], query["state"]);
    let verifier = claims["verifier"].as_str().unwrap();
    assert_eq!(code_challenge(verifier), query["code_challenge"]);
    assert!(verifier.len() >= 43 && query["state"].len() >= 43 && verifier != query["state"]);
    let again = Browser::new(world).set_out(provider).await;
    let again = parameters(again.split_once('?').unwrap().1);
    assert!(again["state"] != query["state"] && again["code_challenge"] != query["code_challenge"]);
    (page.to_owned(), query)
}

/// Asserts that a browser which cannot be sent to a provider is told so on the front end.
async fn assert_start_fails_on_the_front_end(provider: &str, client: &str) {
    let path = format!("/api/v1/auth/{provider}");
    let mut world = World::with_limits("2/60").await;
    let mut browser = Browser::new(&world);
    for _ in 0..2 {
        browser.set_out(provider).await;
    }
    let limited = Landing::of(browser.go(&path).await);
    assert_eq!(limited.error(), "rate_limited");
    world.assert_quota(&limited.reply, 2, 0, 60);
    world.clock.advance(60);
    world.faults.plan("UpdateItem", 0, 100, Action::Throttle);
    assert_eq!(Landing::of(Browser::new(&world).go(&path).await).error(), "server_error");
    world.faults.clear();
    world.update(&[(client, "")]);
    let landing = Landing::of(Browser::new(&world).go(&path).await);
    assert_eq!(landing.error(), "provider_not_configured");
    assert!(landing.reply.cookies.is_empty());
    for code in ["provider_not_configured", "rate_limited"] {
        let landing = Landing::of(Browser::new(&world).go(&format!("{path}/callback?code=c&state=s")).await);
        assert_eq!(landing.error(), code, "the steps of a sign-in count together");
    }
}

/// Asserts that a refresh token still gets tokens.
async fn assert_refresh_works(world: &World, refresh: &str) {
    let reply = world.post_with_cookie("/api/v1/auth/refresh", refresh).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

/// How many items there are whose sort key is this.
async fn items(world: &World, sort_key: &str) -> usize {
    let scan = world.platform.aws.dynamodb().scan().table_name(world.variable("TABLE_NAME"));
    let items = scan.send().await.unwrap().items.unwrap_or_default();
    items.iter().filter(|item| item["sk"].as_s().is_ok_and(|key| key == sort_key)).count()
}

/// Asserts that a callback signs in nobody but the browser that set out, soon, and once.
async fn assert_bound_to_the_browser(provider: &str, person: &[(&str, &str)]) {
    let world = World::easy_writer().await;
    let error = async |browser: &mut Browser, path: &str| {
        let landing = Landing::of(browser.go(path).await);
        assert_eq!(cookie(&landing.reply, "oauth_attempt", &gone()), "");
        landing.error().to_owned()
    };

    // Somebody else's browser: without a cookie, and with one of its own.
    let mut browser = Browser::new(&world);
    let callback = browser.permit(provider, person).await;
    assert_eq!(error(&mut Browser::new(&world), &callback).await, "state_mismatch");
    let mut thief = Browser::new(&world);
    thief.set_out(provider).await;
    assert_eq!(error(&mut thief, &callback).await, "state_mismatch");
    let kept = browser.jar.clone();

    // Its own browser, with something changed.
    for (name, value) in [("state", None), ("state", Some("")), ("state", Some("other"))] {
        browser.jar.clone_from(&kept);
        assert_eq!(error(&mut browser, &with_parameter(&callback, name, value)).await, "state_mismatch");
    }
    browser.jar.clone_from(&kept);
    let twice = format!("{callback}&state={}", parameters(callback.split_once('?').unwrap().1)["state"]);
    assert_eq!(error(&mut browser, &twice).await, "state_mismatch");
    let token = &kept["oauth_attempt"];
    let parts: Vec<_> = token.split('.').collect();
    let forged = format!("{}.{}.{}", parts[0], parts[1], "A".repeat(parts[2].len()));
    for other in [forged, token[..token.len() - 3].to_owned(), "garbage".to_owned()] {
        browser.jar.insert("oauth_attempt".to_owned(), other);
        assert_eq!(error(&mut browser, &callback).await, "state_mismatch");
    }

    // Another provider's callback.
    let other = if provider == "google" { "yandex" } else { "google" };
    browser.jar.clone_from(&kept);
    let elsewhere = callback.replace(&format!("/{provider}/"), &format!("/{other}/"));
    assert_eq!(error(&mut browser, &elsewhere).await, "state_mismatch");
    assert_eq!(items(&world, "PROFILE").await, 0);

    // None of this has used the code up; a minute later it signs in, and then never again.
    world.clock.advance(60);
    browser.jar.clone_from(&kept);
    let landing = Landing::of(browser.go(&callback).await);
    me(&world, landing.token()).await;
    assert!(browser.jar.contains_key("refresh_token") && !browser.jar.contains_key("oauth_attempt"));
    assert_eq!(error(&mut browser, &callback).await, "state_mismatch", "the browser has forgotten");
    let mut copy = Browser::new(&world);
    copy.jar.clone_from(&kept);
    assert_eq!(error(&mut copy, &callback).await, "state_mismatch", "a copy of its cookie does not help");
    let fresh = browser.permit(provider, person).await;
    copy.jar.clone_from(&kept);
    let code = &parameters(fresh.split_once('?').unwrap().1)["code"];
    let mixed = with_parameter(&callback, "code", Some(code));
    assert_eq!(error(&mut copy, &mixed).await, "state_mismatch", "nor does another code");

    // Too late.
    let mut late = Browser::new(&world);
    let callback = late.permit(provider, person).await;
    world.clock.advance(600);
    assert_eq!(error(&mut late, &callback).await, "state_mismatch");
    assert_eq!(items(&world, "PROFILE").await, 1);
}

/// The attributes of a cookie that takes itself away.
fn gone() -> [&'static str; 5] {
    let mut attributes = ATTEMPT_COOKIE;
    attributes[4] = "Max-Age=0";
    attributes
}

/// Asserts how everything that a provider can do wrong ends, and that it ends without a sign-in. `urls` are parameters of what is asked while a
/// browser waits.
async fn assert_provider_failures(provider: &str, person: &[(&str, &str)], urls: &[&str], secret: &str) {
    let mut world = World::easy_writer().await;
    let mut browser = Browser::new(&world);
    let page = browser.set_out(provider).await;
    let denied = browser.answer(&page, &[("person", person[0].1), ("decision", "deny")]).await;
    assert_eq!(Landing::of(browser.go(&denied).await).error(), "access_denied");

    for (name, value, code) in [
        ("code", None, "invalid_code"),
        ("code", Some(""), "invalid_code"),
        ("code", Some("never-given-out"), "invalid_code"),
        ("error", Some("access_denied"), "access_denied"),
        ("error", Some("temporarily_unavailable"), "provider_unavailable"),
        ("error", Some("server_error"), "provider_unavailable"),
        ("error", Some("invalid_scope"), "server_error"),
        ("error", Some("#access_token=evil\r\nSet-Cookie: a=b"), "server_error"),
    ] {
        let callback = browser.permit(provider, person).await;
        let changed = with_parameter(&callback, name, value);
        assert_eq!(Landing::of(browser.go(&changed).await).error(), code, "{name} {value:?}");
    }
    drop(browser);

    let usual = world.sandboxed();
    for url in urls {
        let down = nowhere().await;
        world.update(&[(url, &down)]);
        let landing = Browser::new(&world).sign_in(provider, person).await;
        assert_eq!(landing.error(), "provider_unavailable", "{url}");
        world.update(&[(url, &usual[*url])]);
    }
    world.update(&[(secret, "wrong")]);
    assert_eq!(Browser::new(&world).sign_in(provider, person).await.error(), "server_error");
    world.update(&[(secret, &usual[secret])]);

    let mut browser = Browser::new(&world);
    let callback = browser.permit(provider, person).await;
    world.faults.plan("PutItem", 0, 100, Action::Throttle);
    assert_eq!(Landing::of(browser.go(&callback).await).error(), "server_error");
    world.faults.clear();
    assert_eq!(items(&world, "PROFILE").await, 0);
    me(&world, Browser::new(&world).sign_in(provider, person).await.token()).await;
}
