//! `DELETE /api/v1/auth/api-keys/{id}`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::{Site, text};
use crate::world::request;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_shown_once_do_what_they_may_and_end() {
    let site = Site::new("0").await;
    let list = "/api/v1/auth/api-keys";
    let (_, keys) = site.call(Method::GET, list, &site.token, &Value::Null).await;
    assert!(!keys.to_string().contains(&site.key), "the list has no keys");
    assert_eq!(keys["data"][0]["permissions"], json!(["chat", "billing", "analytics"]));
    assert_eq!(site.call(Method::GET, list, &site.key, &Value::Null).await.0, 403, "a key sees no others");

    let reader = site.new_key(&["analytics"]).await;
    let (status, refusal) = site.call(Method::GET, "/api/v1/billing/balance", &reader, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (403, &json!("permission_denied")));
    assert_eq!(site.call(Method::GET, "/api/v1/models", &reader, &Value::Null).await.0, 403);
    assert_eq!(site.call(Method::GET, "/api/v1/analytics/usage", &reader, &Value::Null).await.0, 200);

    // As a header of its own, and as what clients of OpenAI send.
    let mut models = request(Method::GET, "/api/v1/models", None, &Value::Null);
    models.headers_mut().insert("x-api-key", site.key.parse().unwrap());
    assert_eq!(site.send(models).await.status, 200);
    assert_eq!(site.call(Method::GET, "/v1/models", &site.key, &Value::Null).await.0, 200);

    let id = text(&keys["data"][0]["id"]);
    let (status, revoked) = site.call(Method::DELETE, &format!("{list}/{id}"), &site.token, &Value::Null).await;
    assert_eq!((status, &revoked["isActive"]), (200, &json!(false)));
    assert_eq!(site.call(Method::DELETE, &format!("{list}/{id}"), &site.token, &Value::Null).await.0, 200);
    // An instance that used it may believe it for another quarter of a minute.
    site.clock.advance(16);
    let (status, refusal) = site.call(Method::GET, "/v1/models", &site.key, &Value::Null).await;
    assert_eq!((status, &refusal["error"]["type"]), (401, &json!("authentication_error")));
    for (path, wanted) in [(format!("{list}/x"), 404), (format!("{list}/{}", uuid::Uuid::nil()), 404)] {
        assert_eq!(site.call(Method::DELETE, &path, &site.token, &Value::Null).await.0, wanted);
    }
}
