//! `POST /api/v1/auth/refresh`

use reqwest::Method;
use serde_json::json;

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_renewed_once_and_its_repetition_ends_the_sign_in() {
    let site = Site::new("0").await;
    let body = json!({ "email": "admin@company.com", "password": "securepassword123" });
    let (_, signed_in) = site.call(Method::POST, "/api/v1/auth/login", "", &body).await;
    let body = json!({ "refreshToken": signed_in["refreshToken"] });
    let (status, renewed) = site.call(Method::POST, "/api/v1/auth/refresh", "", &body).await;
    assert_eq!(status, 200);
    // The old one is a stolen one after a while, and ends the sign-in.
    site.clock.advance(60);
    let (status, refusal) = site.call(Method::POST, "/api/v1/auth/refresh", "", &body).await;
    assert_eq!((status, &refusal["code"]), (401, &json!("invalid_api_key")));
    let body = json!({ "refreshToken": renewed["refreshToken"] });
    assert_eq!(site.call(Method::POST, "/api/v1/auth/refresh", "", &body).await.0, 401);
}
