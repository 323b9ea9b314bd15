//! Accounts: registration, tokens, profile, password.

use reqwest::Method;
use serde_json::json;

use crate::site::{Reply, text};
use crate::user::{PASSWORD, User, new_email, new_key};
use crate::{Outcome, Site, ensure};

pub(super) async fn registers_leaves_and_comes_back(site: &Site) -> Outcome {
    let email = new_email();
    let (body, key) = (json!({ "email": email, "password": PASSWORD }), new_key());
    let register =
        || Reply::of(site.request(Method::POST, "/auth/register").header("idempotency-key", &key).json(&body));
    let user = User::signed_in(site, register().await?, 201)?;
    let again = User::signed_in(site, register().await?, 201)?;
    ensure!(again.id == user.id, "the same request opens a second account");
    user.has(100).await?;
    site.post("/auth/register", &body).await?.refusal(400, "EMAIL_EXISTS")?;
    let invalid = json!({ "email": "nobody", "password": "short" });
    site.post("/auth/register", &invalid).await?.refusal(400, "VALIDATION_ERROR")?;

    let wrong = json!({ "email": email, "password": "wrong123456" });
    site.post("/auth/login", &wrong).await?.refusal(401, "INVALID_CREDENTIALS")?;
    let nobody = json!({ "email": new_email(), "password": PASSWORD });
    site.post("/auth/login", &nobody).await?.refusal(401, "INVALID_CREDENTIALS")?;
    let user = User::signed_in(site, site.post("/auth/login", &body).await?, 200)?;
    let me = user.get("/auth/me").await?.data(200)?;
    ensure!(me["email"] == email && me["provider"] == "local" && me["balance"] == 100, "{me}");
    site.get("/auth/me").await?.refusal(401, "TOKEN_INVALID")?;

    let refresh = |cookie: &str| Reply::of(site.request(Method::POST, "/auth/refresh").header("cookie", cookie));
    let reply = refresh(&user.cookie).await?;
    let fresh = reply.cookies.first().cloned().unwrap_or_default();
    ensure!(fresh.starts_with("refresh_token=") && fresh != user.cookie, "{reply} keeps the cookie");
    let token = text(&reply.data(200)?, "access_token")?;
    let refreshed = User { token, cookie: fresh, ..user };
    refreshed.get("/auth/me").await?.data(200)?;
    site.post("/auth/refresh", &json!({})).await?.refusal(401, "TOKEN_INVALID")?;

    let log_out = refreshed.request(Method::POST, "/auth/logout").header("cookie", &refreshed.cookie);
    let reply = Reply::of(log_out).await?;
    ensure!(reply.cookies.iter().any(|cookie| cookie == "refresh_token="), "{reply} leaves the cookie");
    ensure!(reply.data(200)?["message"] == "Logged out", "another message");
    refresh(&refreshed.cookie).await?.refusal(401, "TOKEN_INVALID")?;
    Ok(())
}

pub(super) async fn changes_name_and_password(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let elsewhere = site.post("/auth/login", &json!({ "email": user.email, "password": PASSWORD })).await?;
    let elsewhere = User::signed_in(site, elsewhere, 200)?;
    let named = user.put("/user/profile", &json!({ "name": "Иван Петров" })).await?.data(200)?;
    ensure!(named["name"] == "Иван Петров" && named["total_generations"] == 0, "{named}");
    user.put("/user/profile", &json!({ "name": "" })).await?.refusal(400, "VALIDATION_ERROR")?;
    let profile = user.get("/user/profile").await?.data(200)?;
    ensure!(profile == named, "{profile} and not {named}");
    site.get("/user/profile").await?.refusal(401, "TOKEN_INVALID")?;
    let balance = user.get("/user/balance").await?.data(200)?;
    let expected = json!({ "balance": 100, "currency": "raits", "currency_symbol": "Ꝑ", "exchange_rate": 10 });
    ensure!(balance == expected, "{balance}");
    user.books(&[100]).await?;
    user.get("/user/transactions?limit=0").await?.refusal(400, "VALIDATION_ERROR")?;

    let wrong = json!({ "current_password": "wrong123456", "new_password": "new123456" });
    user.put("/user/password", &wrong).await?.refusal(401, "INVALID_CREDENTIALS")?;
    let change = json!({ "current_password": PASSWORD, "new_password": "new123456" });
    user.put("/user/password", &change).await?.data(200)?;
    let refresh = site.request(Method::POST, "/auth/refresh").header("cookie", &elsewhere.cookie);
    Reply::of(refresh).await?.refusal(401, "TOKEN_INVALID")?;
    let old = json!({ "email": user.email, "password": PASSWORD });
    site.post("/auth/login", &old).await?.refusal(401, "INVALID_CREDENTIALS")?;
    let new = json!({ "email": user.email, "password": "new123456" });
    User::signed_in(site, site.post("/auth/login", &new).await?, 200)?;
    // The owner is told of it by mail.
    let mailbox = site.http.get(format!("{}/mailbox", site.sandbox)).send().await?.text().await?;
    ensure!(mailbox.contains(&user.email), "no letter to {}", user.email);
    Ok(())
}
