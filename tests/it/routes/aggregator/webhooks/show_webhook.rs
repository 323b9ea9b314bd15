//! `GET /api/v1/webhooks/{id}`, and whose it is in all other operations on it

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::hooks::{PATH, Server};
use crate::aggregator::{Site, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_their_companys_alone() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    let (_, path) = site.webhook(&server.url).await;
    site.happen().await;
    let delivery = text(&site.log(&path).await[0]["id"]);
    let stranger = json!({ "email": "admin@other.com", "password": "securepassword123" });
    let (_, stranger) = site.call(Method::POST, "/api/v1/auth/register", "", &stranger).await;
    let stranger = text(&stranger["accessToken"]);
    let routes = [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/test")),
        (Method::GET, format!("{path}/deliveries")),
        (Method::POST, format!("{path}/deliveries/{delivery}/replay")),
    ];
    for (method, route) in &routes {
        let body = if *method == Method::PATCH { json!({}) } else { Value::Null };
        let call = async |bearer| site.call(method.clone(), &format!("{PATH}{route}"), bearer, &body).await;
        let (status, refusal) = call(&stranger).await;
        assert_eq!((status, &refusal["code"]), (404, &json!("webhook_not_found")), "{method} {route}");
        let (status, refusal) = call(&site.key).await;
        assert_eq!((status, &refusal["code"]), (403, &json!("permission_denied")), "{method} {route}");
        assert_eq!(call("").await.0, 401, "{method} {route}");
    }
    let (_, none) = site.call(Method::GET, PATH, &stranger, &Value::Null).await;
    assert_eq!(none, json!({ "data": [] }));
    for path in ["/x", "/x/deliveries"] {
        assert_eq!(site.webhooks(Method::GET, path, &Value::Null).await.0, 404, "{path}");
    }
    let missing = format!("{path}/deliveries/019bc1a2-0000-8000-8000-000000000001/replay");
    let (status, refusal) = site.webhooks(Method::POST, &missing, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (404, &json!("delivery_not_found")));
    assert!(server.got().is_empty());
}
