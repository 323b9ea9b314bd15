//! `GET /api/v1/billing/transactions`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;

const DAY: i64 = 24 * 3600;

fn column<'a>(page: &'a Value, name: &str) -> Vec<&'a str> {
    let lines = page["data"].as_array().expect("a list");
    lines.iter().map(|line| line.pointer(name).and_then(Value::as_str).unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_has_pages_dates_and_types() {
    let site = Site::new("10").await;
    // Three calls on the 15th, one on the 17th.
    for _ in 0..3 {
        site.clock.advance(1);
        site.chat("good", Value::Null).await;
    }
    site.clock.advance(2 * DAY);
    site.chat("chain", Value::Null).await;

    let get = async |query: &str| site.get(&format!("/api/v1/billing/transactions?{query}")).await;
    let first = get("limit=2").await;
    assert_eq!(first["pagination"], json!({ "page": 1, "limit": 2, "total": 5, "totalPages": 3 }));
    assert_eq!(column(&first, "/createdAt")[0], "2026-01-17T12:00:03.000Z", "the latest is first");
    let last = get("page=3&limit=2").await;
    assert_eq!((column(&last, "/type"), &last["pagination"]["page"]), (vec!["CREDIT"], &json!(3)));
    assert_eq!(get("page=4&limit=2").await["data"], json!([]));
    let pages = [&first, &get("page=2&limit=2").await, &last].map(|page| column(page, "/id").len());
    assert_eq!(pages, [2, 2, 1]);

    for (query, total) in [
        ("type=DEBIT", 4),
        ("type=CREDIT", 1),
        ("startDate=2026-01-16", 1),
        // A day means all of it.
        ("endDate=2026-01-15", 4),
        ("startDate=2026-01-15&endDate=2026-01-15&type=DEBIT", 3),
        ("startDate=2026-01-15T12:00:02.000Z&endDate=2026-01-15T12:00:02.000Z", 1),
        ("startDate=2026-01-18", 0),
    ] {
        assert_eq!(get(query).await["pagination"]["total"], total, "{query}");
    }
    for query in ["page=0", "limit=0", "limit=101", "limit=x", "type=GIFT", "startDate=yesterday", "page=1&page=2"] {
        let path = format!("/api/v1/billing/transactions?{query}");
        let (status, refusal) = site.call(Method::GET, &path, &site.key, &Value::Null).await;
        assert_eq!((status, &refusal["code"]), (400, &json!("invalid_request")), "{query}");
    }
}
