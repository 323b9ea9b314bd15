//! `POST /api/v1/webhooks`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::hooks::PATH;
use crate::aggregator::{Site, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_makes_one_webhook() {
    let site = Site::new("0").await;
    let make = async |url: &str| {
        let body = json!({ "url": url, "events": ["usage.tracked"] });
        site.once(PATH, &site.token, "key-1", &body).await
    };
    let first = make("https://your-app.com/one").await;
    assert_eq!((first.0, make("https://your-app.com/one").await), (201, first), "with its secret");
    let (status, refusal) = make("https://your-app.com/two").await;
    assert_eq!((status, &refusal["code"]), (409, &json!("idempotency_key_reused")));
    assert_eq!(site.webhooks(Method::GET, "", &Value::Null).await.1["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_not_do_is_refused() {
    let site = Site::new("0").await;
    let url = "https://your-app.com/hooks";
    for (body, field, code) in [
        (json!({ "events": ["usage.tracked"] }), "url", "required"),
        (json!({ "url": url }), "events", "required"),
        (json!({ "url": url, "events": [] }), "events", "required"),
        (json!({ "url": url, "events": ["webhook.test"] }), "events", "not_allowed"),
        (json!({ "url": url, "events": "usage.tracked" }), "events", "type"),
        (json!({ "url": "your-app.com", "events": ["usage.tracked"] }), "url", "format"),
        (json!({ "url": "ftp://your-app.com", "events": ["usage.tracked"] }), "url", "scheme"),
        (json!({ "url": "https://10.0.0.1/", "events": ["usage.tracked"] }), "url", "private_address"),
        (json!({ "url": url, "events": ["usage.tracked"], "secret": "short" }), "secret", "length"),
        (json!({ "url": url, "events": ["usage.tracked"], "secret": "whsec_short" }), "secret", "format"),
    ] {
        let (status, refusal) = site.webhooks(Method::POST, "", &body).await;
        let detail = &refusal["details"][0];
        assert_eq!((status, &detail["field"], &detail["code"]), (400, &json!(field), &json!(code)), "{body}");
    }
    let (_, path) = site.webhook(url).await;
    let (status, refusal) = site.webhooks(Method::PATCH, &path, &json!({ "url": "https://127.1/" })).await;
    assert_eq!((status, &refusal["details"][0]["field"]), (400, &json!("url")));
    for query in ["limit=0", "limit=101", "cursor=x"] {
        let (status, _) = site.webhooks(Method::GET, &format!("{path}/deliveries?{query}"), &Value::Null).await;
        assert_eq!(status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_deployed_webhooks_stay_out_of_our_network() {
    let site = Site::with("0", &[("AggregatorWebhookAllowPrivate", "false")]).await;
    for (url, code) in [
        ("http://127.0.0.1:9000/", "scheme"),
        ("https://127.0.0.1:9000/", "private_address"),
        ("https://localhost/", "private_address"),
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
    ] {
        let (status, refusal) =
            site.webhooks(Method::POST, "", &json!({ "url": url, "events": ["usage.tracked"] })).await;
        assert_eq!((status, &refusal["details"][0]["code"]), (400, &json!(code)), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_has_twenty_webhooks_at_most() {
    let site = Site::new("0").await;
    for _ in 0..20 {
        site.webhook("https://your-app.com/hooks").await;
    }
    let body = json!({ "url": "https://your-app.com/hooks", "events": ["usage.tracked"] });
    let (status, refusal) = site.webhooks(Method::POST, "", &body).await;
    assert_eq!((status, &refusal["details"][0]["code"]), (400, &json!("limit")));
    let (_, all) = site.webhooks(Method::GET, "", &Value::Null).await;
    site.ask(Method::DELETE, &format!("{PATH}/{}", text(&all["data"][0]["id"])), &site.token, &Value::Null).await;
    assert_eq!(site.webhooks(Method::POST, "", &body).await.0, 201, "one is gone");
}
