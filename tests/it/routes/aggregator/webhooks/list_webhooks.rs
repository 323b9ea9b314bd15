//! `GET /api/v1/webhooks`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::hooks::SECRET;
use crate::aggregator::{Site, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_shown_as_it_was_made_but_for_its_secret() {
    let site = Site::new("0").await;
    let url = "https://your-app.com/webhooks/ai-aggregator";
    let body =
        json!({ "url": url, "events": ["payment.succeeded", "payment.failed", "usage.tracked"], "secret": SECRET });
    let (status, made) = site.webhooks(Method::POST, "", &body).await;
    let path = format!("/{}", text(&made["id"]));
    let wanted = json!({
        "id": made["id"], "url": url, "events": body["events"], "secret": SECRET, "isActive": true, "disabledReason": null,
        "failingSince": null, "createdAt": "2026-01-15T12:00:00.000Z", "updatedAt": "2026-01-15T12:00:00.000Z",
    });
    assert_eq!((status, &made), (201, &wanted));
    let mut shown = wanted;
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(site.webhooks(Method::GET, &path, &Value::Null).await, (200, shown.clone()));
    assert_eq!(site.webhooks(Method::GET, "", &Value::Null).await, (200, json!({ "data": [shown] })));

    let generated = json!({ "url": url, "events": ["usage.tracked"] });
    let secret = site.webhooks(Method::POST, "", &generated).await.1["secret"].clone();
    assert!(text(&secret).starts_with("whsec_"), "{secret}");
}
