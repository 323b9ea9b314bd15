//! `PATCH /api/v1/webhooks/{id}`

use reqwest::Method;
use serde_json::json;

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_named_is_changed_and_the_rest_stays() {
    let site = Site::new("0").await;
    let url = "https://your-app.com/webhooks/ai-aggregator";
    let (_, path) = site.webhook(url).await;
    site.clock.advance(1);
    let change = json!({ "events": ["payment.failed"], "isActive": false, "secret": "another-secret" });
    let (status, changed) = site.webhooks(Method::PATCH, &path, &change).await;
    assert_eq!((status, &changed["url"], &changed["events"]), (200, &json!(url), &json!(["payment.failed"])));
    assert_eq!((&changed["isActive"], &changed["secret"]), (&json!(false), &json!("another-secret")));
    assert_eq!(changed["updatedAt"], "2026-01-15T12:00:01.000Z");
}
