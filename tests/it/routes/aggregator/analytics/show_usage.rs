//! `GET /api/v1/analytics/usage`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::{Site, text};

const DAY: i64 = 24 * 3600;

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
        dates.map(|it| (text(&it["date"]), it["requests"].as_u64().expect("a number"))).collect()
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
