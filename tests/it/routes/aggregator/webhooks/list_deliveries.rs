//! `GET /api/v1/webhooks/{id}/deliveries`

use reqwest::Method;
use serde_json::Value;

use crate::aggregator::hooks::Server;
use crate::aggregator::{Site, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_page_by_page() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    let (_, path) = site.webhook(&server.url).await;
    for _ in 0..3 {
        site.clock.advance(1);
        site.happen().await;
    }
    let all: Vec<String> = site.log(&path).await.iter().map(|delivery| text(&delivery["id"])).collect();
    assert_eq!(all.len(), 3);
    assert!(all.is_sorted_by(|later, earlier| later > earlier), "the latest first: {all:?}");
    let (mut read, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let (_, page) = site.webhooks(Method::GET, &format!("{path}/deliveries{query}"), &Value::Null).await;
        let data = page["data"].as_array().expect("a list");
        assert!(data.len() <= 2);
        read.extend(data.iter().map(|delivery| text(&delivery["id"])));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(read, all);
}
