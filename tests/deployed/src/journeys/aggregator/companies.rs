//! Companies and their keys.

use reqwest::Method;
use serde_json::json;

use crate::company::Company;
use crate::site::{Reply, text};
use crate::user::{PASSWORD, new_email, new_key};
use crate::{Outcome, Site, ensure};

pub(in crate::journeys) async fn registers_confirms_and_comes_back(site: &Site) -> Outcome {
    let (email, once) = (new_email(), new_key());
    let body = json!({ "email": email, "password": PASSWORD, "name": "Journey" });
    let register =
        || Reply::of(site.request(Method::POST, "/auth/register").header("idempotency-key", &once).json(&body));
    let company = Company::signed_in(site, &register().await?.bare(201)?)?;
    let again = Company::signed_in(site, &register().await?.bare(201)?)?;
    ensure!(again.id == company.id, "the same request opens a second account");
    site.post("/auth/register", &body).await?.failure(409, "email_exists")?;
    let invalid = json!({ "email": "nobody", "password": PASSWORD });
    let refusal = site.post("/auth/register", &invalid).await?.failure(400, "invalid_request")?;
    ensure!(refusal["details"][0]["field"] == "email", "{refusal}");

    let log_in = json!({ "email": email, "password": PASSWORD });
    let signed_in = site.post("/auth/login", &log_in).await?.bare(200)?;
    ensure!(signed_in["company"]["isVerified"] == false && signed_in["company"]["name"] == "Journey", "{signed_in}");
    let wrong = json!({ "email": email, "password": "wrong-password" });
    site.post("/auth/login", &wrong).await?.failure(401, "invalid_credentials")?;

    ensure!(company.balance().await? == 0, "money before the address is confirmed");
    company.post("/auth/verify-email/resend", &json!({})).await?.bare(200)?;
    company.confirm().await?.bare(200)?;
    company.confirm().await?.failure(401, "invalid_api_key")?;
    ensure!(company.balance().await? == 1_000_000_000, "no dollar for a confirmed address");
    let signed_in = site.post("/auth/login", &log_in).await?.bare(200)?;
    ensure!(signed_in["company"]["isVerified"] == true, "{signed_in}");

    let renewed = site.post("/auth/refresh", &json!({ "refreshToken": company.refresh })).await?.bare(200)?;
    let renewed = Company { token: text(&renewed, "accessToken")?, ..company };
    renewed.books(1).await?;
    site.post("/auth/refresh", &json!({ "refreshToken": "nonsense" })).await?.failure(401, "invalid_api_key")?;
    site.get("/billing/balance").await?.failure(401, "invalid_api_key")?;
    site.get("/auth/nothing").await?.failure(404, "no_such_route")?;
    Ok(())
}

pub(in crate::journeys) async fn makes_uses_and_revokes_keys(site: &Site) -> Outcome {
    let company = Company::register(site).await?;
    let reader = company.new_key(&["analytics"]).await?;
    let read = |path: &'static str| {
        let key = text(&reader, "key");
        async move { Reply::of(site.request(Method::GET, path).header("x-api-key", key?)).await }
    };
    read("/analytics/usage").await?.bare(200)?;
    read("/billing/balance").await?.failure(403, "permission_denied")?;
    read("/models").await?.failure(403, "permission_denied")?;
    read("/auth/api-keys").await?.failure(403, "permission_denied")?;
    let keys = company.get("/auth/api-keys").await?;
    ensure!(keys["data"].as_array().is_some_and(|keys| keys.len() == 2), "{keys}");
    ensure!(!keys.to_string().contains(&company.key), "the list has the keys themselves");
    let path = format!("/auth/api-keys/{}", text(&reader, "id")?);
    let revoked = Reply::of(company.request(Method::DELETE, &path)).await?.bare(200)?;
    ensure!(revoked["isActive"] == false, "{revoked}");
    Reply::of(company.request(Method::DELETE, "/auth/api-keys/nonsense")).await?.failure(404, "api_key_not_found")?;
    let unknown = site.request(Method::GET, "/models").bearer_auth("ak_live_nonsense");
    Reply::of(unknown).await?.failure(401, "invalid_api_key")?;
    Ok(())
}
