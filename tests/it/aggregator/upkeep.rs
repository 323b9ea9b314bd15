//! What operators see: the nightly check of the books, and what is counted of calls.

use axum::Router;
use axum::routing::post;
use domain::kernel::telemetry::{Metric, Notes, collected};
use http::header::CONTENT_TYPE;
use reqwest::Method;
use serde_json::{Value, json};
use store::{Key, Update};

use super::{Site, chat_request};
use crate::world::{Action, serve};

impl Site {
    /// The books are checked: how many accounts there are, and what is wrong with them.
    async fn checked(&self) -> (u64, u64) {
        let (done, notes) = collected(self.run_schedule("ledger-cron")).await;
        done.expect("check");
        (notes.counts[&Metric::LEDGER_ACCOUNTS], notes.counts[&Metric::LEDGER_DIFFERENCES])
    }

    /// A chat without a connection, and what was noted of it.
    async fn noted(&self, model: &str) -> (u16, Notes) {
        let ((status, _), notes) = collected(self.chat(model, Value::Null)).await;
        (status, notes)
    }
}

fn counts(notes: &Notes) -> Vec<(&'static str, u64)> {
    notes.counts.iter().map(|(metric, many)| (metric.as_str(), *many)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nightly_check_finds_what_was_tampered_with() {
    let site = Site::new("1").await;
    site.cook_the_books();
    site.chat("good", Value::Null).await;
    assert_eq!(site.checked().await, (1, 0));
    let balance = Key::new(format!("ACCOUNT#{}", site.company), "BALANCE");
    let more = Update::new(balance).add("available", 1);
    let _: Value = site.table.clone().update(more).await.expect("write");
    assert_eq!(site.checked().await, (1, 1));
    // Nothing was repaired by looking.
    assert_eq!(site.checked().await, (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_counts_its_vendor_and_once_its_price() {
    let site = Site::new("1").await;
    let (status, notes) = site.noted("good").await;
    assert_eq!((status, counts(&notes)), (200, vec![("Requests", 1)]));
    let calls = &notes.vendors["openai"];
    assert_eq!((calls.millis.len(), calls.failures), (1, 0));

    let (_, notes) = collected(site.count()).await;
    let debits = site.get("/api/v1/billing/transactions?type=DEBIT").await;
    let dollars: f64 = debits["data"][0]["amount"].as_f64().expect("an amount");
    let [("Charged", nanos), ("Requests", 1)] = counts(&notes)[..] else { panic!("{notes:?}") };
    assert_eq!(format!("{dollars:.9}"), format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000));

    let (status, notes) = site.noted("broken").await;
    assert_eq!((status, counts(&notes)), (503, vec![("Faults", 1), ("Requests", 1)]));
    assert!(notes.vendors["openai"].failures > 0, "{notes:?}");
    let (status, notes) = site.noted("none").await;
    assert_eq!((status, counts(&notes)), (404, vec![("Requests", 1)]));
    assert_eq!(notes.refusals.into_iter().collect::<Vec<_>>(), [("model_not_found", 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_further_server_is_counted_under_its_own_name() {
    let answer = json!({
        "id": "x", "object": "chat.completion", "created": 1, "model": "m", "usage": { "prompt_tokens": 1, "completion_tokens": 1 },
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Да" }, "finish_reason": "stop" }]
    });
    let answer = move || async move { ([(CONTENT_TYPE, "application/json")], answer.to_string()) };
    let url = serve(Router::new().route("/chat/completions", post(answer))).await;
    let servers = json!([{ "name": "next-door", "base_url": url }]).to_string();
    let models =
        super::MODELS.replacen(r#""vendor":"openai","model":"sandbox""#, r#""vendor":"next-door","model":"m""#, 1);
    let site = Site::with("1", &[("AggregatorChatVendors", &servers), ("AggregatorModels", &models)]).await;
    let (status, notes) = site.noted("good").await;
    assert_eq!((status, notes.vendors.into_keys().collect::<Vec<_>>()), (200, vec!["next-door".into()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweeper_counts_calls_that_it_looks_after() {
    let site = Site::new("1").await;
    let sweep = async || {
        let (done, notes) = collected(site.run_schedule("maintenance-cron")).await;
        done.expect("sweep");
        (notes.counts[&Metric::CALLS_RELEASED], notes.counts[&Metric::CALLS_RETOLD])
    };
    assert_eq!(sweep().await, (0, 0), "that there was nothing is told too");
    // One whose message got lost, and one whose process was killed after it held.
    site.chat("good", Value::Null).await;
    site.faults.plan("TransactWriteItems", 1, usize::MAX, Action::DieBefore);
    let body = chat_request("good", Value::Null);
    let call = site.call(Method::POST, "/api/v1/chat/completions", &site.key, &body);
    assert!(!site.faults.until_death(call).await);
    site.faults.clear();
    site.clock.advance(17 * 60);
    assert_eq!(sweep().await, (1, 1));
    assert_eq!(site.balance().await.1, "0");
    site.count().await;
    assert_eq!(sweep().await, (0, 0));
}
