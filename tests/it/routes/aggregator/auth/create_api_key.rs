//! `POST /api/v1/auth/api-keys`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::{Site, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_expire_and_are_made_as_asked_for() {
    let site = Site::new("0").await;
    let create = async |body: &Value| site.call(Method::POST, "/api/v1/auth/api-keys", &site.token, body).await;
    let soon = json!({ "name": "Key", "permissions": ["chat"], "expiresAt": "2026-01-15T12:01:00Z" });
    let (_, made) = create(&soon).await;
    let key = text(&made["key"]);
    assert!(key.starts_with("ak_live_") && key.len() == 52, "{key}");
    assert_eq!(site.call(Method::GET, "/api/v1/models", &key, &Value::Null).await.0, 200);
    site.clock.advance(60);
    let (status, refusal) = site.call(Method::GET, "/api/v1/models", &key, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (401, &json!("token_expired")));
    for bad in [
        json!({ "name": " ", "permissions": ["chat"] }),
        json!({ "name": "Key", "permissions": [] }),
        json!({ "name": "Key", "permissions": ["root"] }),
        json!({ "name": "Key", "permissions": ["chat"], "expiresAt": "2020-01-01T00:00:00Z" }),
        json!({ "name": "Key", "permissions": ["chat"], "expiresAt": "soon" }),
    ] {
        assert_eq!(create(&bad).await.0, 400, "{bad}");
    }
}
