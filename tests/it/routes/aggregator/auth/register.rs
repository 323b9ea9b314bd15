//! `POST /api/v1/auth/register`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_have_the_contracts_shape() {
    let site = Site::new("0").await;
    let again = json!({ "email": "admin@company.com", "password": "securepassword123" });
    let (status, refusal) = site.call(Method::POST, "/api/v1/auth/register", "", &again).await;
    let wanted = json!({
        "statusCode": 409, "message": "Email уже занят", "error": "Conflict", "code": "email_exists",
        "timestamp": "2026-01-15T12:00:00.000Z", "path": "/api/v1/auth/register",
    });
    assert_eq!((status, refusal), (409, wanted));
    let bad = json!({ "email": "x", "password": "securepassword123" });
    let (status, refusal) = site.call(Method::POST, "/api/v1/auth/register", "", &bad).await;
    assert_eq!(
        (status, &refusal["error"], &refusal["details"][0]["field"]),
        (400, &json!("Bad Request"), &json!("email"))
    );
    for body in
        [json!({}), json!([]), json!({ "email": "a@b.ru", "password": "short" }), json!({ "email": 1, "password": 2 })]
    {
        assert_eq!(site.call(Method::POST, "/api/v1/auth/register", "", &body).await.0, 400, "{body}");
    }
    for (method, path, status, code) in [
        (Method::GET, "/api/v1/auth/nothing", 404, "no_such_route"),
        (Method::DELETE, "/api/v1/auth/login", 405, "method_not_allowed"),
    ] {
        let (found, refusal) = site.call(method, path, "", &Value::Null).await;
        assert_eq!((found, &refusal["code"]), (status, &json!(code)), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_registration_opens_one_account() {
    let site = Site::new("0").await;
    let register = async |email: &str| {
        let body = json!({ "email": email, "password": "securepassword123" });
        site.once("/api/v1/auth/register", "", "k1", &body).await
    };
    let (first, again) = (register("one@company.com").await, register("one@company.com").await);
    assert_eq!((first.0, again.0), (201, 201));
    assert_eq!(first.1["company"]["id"], again.1["company"]["id"]);
    let (status, refusal) = register("two@company.com").await;
    assert_eq!((status, &refusal["code"]), (409, &json!("idempotency_key_reused")));
}
