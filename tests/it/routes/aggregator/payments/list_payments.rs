//! `GET /api/v1/payments`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::payments::site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_pays_is_cancelled_and_what_comes_late_is_credited() {
    let site = site().await;
    let (cancelled, left, late) = (site.pay(json!(100)).await, site.pay(json!(200)).await, site.pay(json!(300)).await);
    site.at_provider(&cancelled["confirmationUrl"], "cancel").await;
    assert_eq!(site.payment(&cancelled).await["status"], "canceled");
    site.clock.advance(61 * 60);
    assert_eq!(site.payment(&left).await["status"], "canceled", "an hour is over");
    site.at_provider(&late["confirmationUrl"], "pay").await;
    assert_eq!(site.payment(&late).await["status"], "succeeded");
    assert_eq!(site.has().await, "3");
    site.clock.advance(25 * 60 * 60);
    site.run_schedule("reconciliation-cron").await.expect("reconciliation");
    assert_eq!(site.payment(&left).await["status"], "canceled");

    let page = |query: &str| format!("/api/v1/payments{query}");
    let all = site.get(&page("")).await;
    let ids: Vec<_> = all["data"].as_array().expect("payments").iter().map(|payment| &payment["id"]).collect();
    assert_eq!(ids, [&late["id"], &left["id"], &cancelled["id"]], "the latest first");
    assert_eq!(all["pagination"], json!({ "page": 1, "limit": 20, "total": 3, "totalPages": 1 }));
    let cancelled = site.get(&page("?status=canceled&limit=1&page=2")).await;
    assert_eq!(cancelled["pagination"], json!({ "page": 2, "limit": 1, "total": 2, "totalPages": 2 }));
    for (status, total) in [("succeeded", 1), ("pending", 0), ("failed", 0)] {
        assert_eq!(site.get(&page(&format!("?status={status}"))).await["pagination"]["total"], total, "{status}");
    }
    let (status, answer) = site.call(Method::GET, &page("?status=paid"), &site.key, &Value::Null).await;
    assert_eq!((status, &answer["details"][0]["field"]), (400, &json!("status")), "{answer}");
}
