//! `DELETE /api/v1/webhooks/{id}`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;
use crate::aggregator::hooks::PATH;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_that_was_removed_is_gone() {
    let site = Site::new("0").await;
    let (_, path) = site.webhook("https://your-app.com/hooks").await;
    let removed = site.ask(Method::DELETE, &format!("{PATH}{path}"), &site.token, &Value::Null).await;
    assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    for method in [Method::GET, Method::DELETE] {
        let (status, refusal) = site.webhooks(method, &path, &Value::Null).await;
        assert_eq!((status, &refusal["code"]), (404, &json!("webhook_not_found")));
    }
}
