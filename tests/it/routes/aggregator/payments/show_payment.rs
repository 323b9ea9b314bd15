//! `GET /api/v1/payments/{payment_id}`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::payments::site;
use crate::aggregator::text;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_are_their_companys_alone() {
    let site = site().await;
    let made = site.pay(json!(100)).await;
    let path = format!("/api/v1/payments/{}", text(&made["id"]));
    let stranger = json!({ "email": "other@company.com", "password": "securepassword123", "name": "Other" });
    let (_, stranger) = site.call(Method::POST, "/api/v1/auth/register", "", &stranger).await;
    let stranger = text(&stranger["accessToken"]);
    let (status, answer) = site.call(Method::GET, &path, &stranger, &Value::Null).await;
    assert_eq!((status, &answer["code"]), (404, &json!("payment_not_found")), "{answer}");
    let (_, list) = site.call(Method::GET, "/api/v1/payments", &stranger, &Value::Null).await;
    assert_eq!(list["pagination"]["total"], 0);
    for path in ["/api/v1/payments/x", "/api/v1/payments/00000000-0000-0000-0000-000000000000"] {
        assert_eq!(site.call(Method::GET, path, &site.token, &Value::Null).await.0, 404, "{path}");
    }
    let chat = site.new_key(&["chat"]).await;
    for (method, path) in
        [(Method::GET, path.as_str()), (Method::GET, "/api/v1/payments"), (Method::POST, "/api/v1/payments")]
    {
        let body = if method == Method::POST { json!({ "amount": 100 }) } else { Value::Null };
        assert_eq!(site.call(method.clone(), path, &chat, &body).await.0, 403, "{method} {path}");
        assert_eq!(site.call(method, path, "", &body).await.0, 401, "{path}");
    }
}
