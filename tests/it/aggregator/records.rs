//! Statement and usage: pages, dates and filters.

use reqwest::Method;
use serde_json::{Value, json};

use super::Site;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_grouped_and_filtered() {
    let site = Site::new("10").await;
    let own = site.new_key(&["chat"]).await;
    // Thursday the 15th, Friday the 16th, and the next month.
    for (days, model) in [(0, "good"), (1, "silent"), (20, "good")] {
        site.clock.advance(days * DAY);
        site.chat(model, Value::Null).await;
        assert_eq!(site.count().await, 1);
    }

    let get = async |query: &str| {
        site.get(&format!("/api/v1/analytics/usage?startDate=2026-01-01&endDate=2026-02-28{query}")).await
    };
    let timeline = |usage: &Value| -> Vec<(String, u64)> {
        let dates = usage["timeline"].as_array().expect("a timeline").iter();
        dates.map(|it| (super::text(&it["date"]), it["requests"].as_u64().expect("a number"))).collect()
    };
    let dates =
        |dates: &[(&str, u64)]| dates.iter().map(|(date, many)| ((*date).to_owned(), *many)).collect::<Vec<_>>();
    for query in ["", "&groupBy=day"] {
        assert_eq!(timeline(&get(query).await), dates(&[("2026-01-15", 1), ("2026-01-16", 1), ("2026-02-05", 1)]));
    }
    assert_eq!(timeline(&get("&groupBy=week").await), dates(&[("2026-01-12", 2), ("2026-02-02", 1)]));
    assert_eq!(timeline(&get("&groupBy=month").await), dates(&[("2026-01-01", 2), ("2026-02-01", 1)]));
    for (query, requests) in [
        ("&model=good", 2),
        ("&model=silent", 1),
        ("&model=none", 0),
        ("&provider=openai", 3),
        ("&provider=anthropic", 0),
        ("&provider=openai&model=silent", 1),
    ] {
        let usage = get(query).await;
        let sums = usage["byModel"].as_array().expect("models").iter().filter_map(|row| row["requests"].as_u64());
        assert_eq!((&usage["summary"]["totalRequests"], sums.sum::<u64>()), (&json!(requests), requests), "{query}");
    }
    for query in ["groupBy=year", "startDate=x", "startDate=2026-02-01&endDate=2026-01-01", "startDate=2020-01-01"] {
        let path = format!("/api/v1/analytics/usage?{query}");
        assert_eq!(site.call(Method::GET, &path, &site.key, &Value::Null).await.0, 400, "{query}");
    }

    // A key that may not see everything sees its own calls. It is February by now.
    let usage = "/api/v1/analytics/usage?startDate=2026-01-16";
    for (bearer, requests) in [(&own, 0), (&site.key, 2)] {
        let (status, told) = site.call(Method::GET, usage, bearer, &Value::Null).await;
        assert_eq!((status, &told["summary"]["totalRequests"]), (200, &json!(requests)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_become_vectors_that_are_paid_for_and_counted() {
    let site = Site::new("10").await;
    for path in ["/api/v1/embeddings", "/v1/embeddings"] {
        let body = json!({ "model": "vectors", "input": ["Привет!", "Как дела?"] });
        let (status, answer) = site.call(Method::POST, path, &site.key, &body).await;
        assert_eq!((status, &answer["object"], &answer["model"]), (200, &json!("list"), &json!("vectors")), "{answer}");
        let vectors = answer["data"].as_array().expect("vectors");
        assert_eq!(vectors.len(), 2);
        assert!(vectors.iter().all(|vector| vector["embedding"].as_array().is_some_and(|it| !it.is_empty())));
        let debits = site.get("/api/v1/billing/transactions?type=DEBIT&limit=1").await;
        assert_eq!(debits["data"][0]["amount"], answer["cost"]);
        assert_eq!(debits["data"][0]["metadata"]["tokens"], answer["usage"]["total_tokens"]);
    }
    assert_eq!(site.count().await, 2);
    let usage = site.get("/api/v1/analytics/usage?model=vectors").await;
    assert_eq!(usage["summary"]["totalRequests"], 2);
    let reader = site.new_key(&["analytics"]).await;
    for (bearer, body, wanted) in [
        (&site.key, json!({ "model": "vectors", "input": [] }), 400),
        (&site.key, json!({ "model": "good", "input": "x" }), 404),
        (&reader, json!({ "model": "vectors", "input": "x" }), 403),
    ] {
        let (status, refusal) = site.call(Method::POST, "/api/v1/embeddings", bearer, &body).await;
        assert_eq!(status, wanted, "{refusal}");
    }
}
