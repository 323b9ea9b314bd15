//! Accounts and sessions.

mod log_in;
mod log_out;
mod refresh;
mod register;
mod show_me;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::NOON;
use crate::world::{Reply, World};

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
