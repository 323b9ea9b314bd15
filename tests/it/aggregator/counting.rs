//! Calls that are counted together: a batch says of each what a batch of its own would.

use quintet::sqs::Message;
use reqwest::Method;
use serde_json::{Value, json};

use super::hooks::Server;
use super::{Site, chat_request, nanos, text};
use crate::world::Action;

const WORKER: &str = "aggregator-usage-worker";

impl Site {
    /// Hands messages to the worker in one batch. The ids of those that must come again.
    async fn hand_all(&self, messages: &[Message]) -> Vec<String> {
        let record =
            |message: &Message| message.event_record("arn:aws:sqs:eu-central-1:000000000000:q", "eu-central-1");
        let records: Vec<Value> = messages.iter().map(record).collect();
        let report = self.stack.invoke(WORKER, &json!({ "Records": records })).await.expect("report");
        let report: Value = serde_json::from_str(report.get()).expect("JSON");
        let failures = report["batchItemFailures"].as_array().expect("a list").clone();
        failures.iter().map(|failure| text(&failure["itemIdentifier"])).collect()
    }

    /// What is reported of the company: calls, and nano-dollars.
    async fn reported(&self) -> (u64, i64) {
        let summary = self.get("/api/v1/analytics/usage").await["summary"].clone();
        (summary["totalRequests"].as_u64().expect("calls"), nanos(&summary["totalCost"]))
    }

    /// What its statement says it paid.
    async fn paid(&self) -> i64 {
        let debits = self.get("/api/v1/billing/transactions?type=DEBIT&limit=100").await;
        debits["data"].as_array().expect("a list").iter().map(|debit| nanos(&debit["amount"])).sum()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_a_company_are_counted_in_one_transaction_and_each_once() {
    let site = Site::new("1").await;
    let second = site.new_key(&["chat"]).await;
    for bearer in [&site.key, &site.key, &second, &site.token] {
        let answer =
            site.call(Method::POST, "/api/v1/chat/completions", bearer, &chat_request("good", Value::Null)).await;
        assert_eq!(answer.0, 200, "{}", answer.1);
    }
    let mut messages = site.take("UsageQueue").await;
    assert_eq!(messages.len(), 4);
    messages.push(messages[1].clone());
    site.faults.seen();
    assert!(site.hand_all(&messages).await.is_empty());
    let transactions = site.faults.seen().into_iter().filter(|target| target == "TransactWriteItems").count();
    assert_eq!(transactions, 1);
    assert_eq!(site.reported().await, (4, site.paid().await));
    // All of it once more, with a call that is new.
    assert_eq!(site.chat("good", Value::Null).await.0, 200);
    messages.extend(site.take("UsageQueue").await);
    assert!(site.hand_all(&messages).await.is_empty());
    assert_eq!(site.reported().await, (5, site.paid().await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_not_captured_is_made_up_for_and_one_that_was_given_back_is_not() {
    let site = Site::new("1").await;
    // Its hold works, its capture does not: its answer is given, its message sent.
    let uncaptured = async || {
        site.faults.plan("TransactWriteItems", 1, 4, Action::Throttle);
        assert_eq!(site.chat("good", Value::Null).await.0, 200);
        site.faults.clear();
    };
    uncaptured().await;
    let given_back = site.take("UsageQueue").await;
    site.clock.advance(17 * 60);
    site.sweep().await;
    assert_eq!(site.paid().await, 0);

    uncaptured().await;
    assert_eq!(site.chat("good", Value::Null).await.0, 200);
    let messages = [given_back, site.take("UsageQueue").await].concat();
    assert_eq!(messages.len(), 3);
    assert!(site.hand_all(&messages).await.is_empty());
    let (calls, cost) = site.reported().await;
    assert_eq!((calls, cost), (2, site.paid().await));
    assert!(cost > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_cannot_be_written_comes_again_and_is_counted_once() {
    let site = Site::new("1").await;
    for _ in 0..3 {
        assert_eq!(site.chat("good", Value::Null).await.0, 200);
    }
    let messages = site.take("UsageQueue").await;
    let all: Vec<_> = messages.iter().map(|message| message.message_id.clone()).collect();
    site.faults.plan("TransactWriteItems", 0, 4, Action::Throttle);
    assert_eq!(site.hand_all(&messages).await, all);
    assert_eq!(site.reported().await, (0, 0));
    // Written, and the answer lost: the same transaction is sent again, and is not done again.
    site.faults.plan("TransactWriteItems", 0, 1, Action::LoseAnswer);
    assert!(site.hand_all(&messages).await.is_empty());
    assert!(site.hand_all(&messages).await.is_empty());
    assert_eq!(site.reported().await, (3, site.paid().await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_too_much_for_one_transaction_takes_several() {
    let (server, site) = (Server::start().await, Site::new("1").await);
    for _ in 0..20 {
        site.webhook(&server.url).await;
    }
    for _ in 0..6 {
        assert_eq!(site.chat("good", Value::Null).await.0, 200);
    }
    let messages = site.take("UsageQueue").await;
    site.faults.seen();
    assert!(site.hand_all(&messages).await.is_empty());
    // Each call is 21 writes, and the sums are two more: four calls fit into a hundred.
    let transactions = site.faults.seen().into_iter().filter(|target| target == "TransactWriteItems").count();
    assert_eq!(transactions, 2);
    assert_eq!(site.reported().await, (6, site.paid().await));
    assert_eq!(site.drain("WebhookQueue").await, 120);
    assert_eq!(server.got().len(), 120);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_no_item_can_hold_comes_again_alone() {
    let site = Site::new("1").await;
    for _ in 0..3 {
        assert_eq!(site.chat("good", Value::Null).await.0, 200);
    }
    let mut messages = site.take("UsageQueue").await;
    let mut body: Value = serde_json::from_str(&messages[1].body).expect("JSON");
    // DynamoDB has no item of more than 400 KB.
    body["details"]["model"] = "m".repeat(500_000).into();
    messages[1].body = body.to_string();
    assert_eq!(site.hand_all(&messages).await, [messages[1].message_id.clone()]);
    assert_eq!(site.reported().await.0, 2);
}
