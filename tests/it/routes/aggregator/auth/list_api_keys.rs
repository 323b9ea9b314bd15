//! `GET /api/v1/auth/api-keys`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_listed_without_their_secrets() {
    let site = Site::new("0").await;
    site.clock.advance(1);
    let other = site.new_key(&["analytics"]).await;
    let (status, keys) = site.call(Method::GET, "/api/v1/auth/api-keys", &site.token, &Value::Null).await;
    assert_eq!(status, 200, "{keys}");
    let permissions: Vec<_> = keys["data"].as_array().expect("keys").iter().map(|key| &key["permissions"]).collect();
    assert_eq!(permissions.len(), 2);
    assert!(
        permissions.contains(&&json!(["analytics"])) && permissions.contains(&&json!(["chat", "billing", "analytics"]))
    );
    for secret in [&site.key, &other] {
        assert!(!keys.to_string().contains(secret.as_str()), "{keys}");
    }
}
