//! The money under fire: repeats, races, clients that leave, processes that are killed.

use domain::aggregator::NANOS;
use domain::kernel::{Amount, Error};
use domain::ledger::Ledger;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Site, chat_request, nanos};
use crate::world::request;

impl Site {
    async fn keyed(&self, key: &str, body: &Value) -> (u16, String) {
        let mut request = request(Method::POST, "/api/v1/chat/completions", Some(&self.key), body);
        request.headers_mut().insert("idempotency-key", key.parse().expect("a header"));
        let answer = self.send(request).await;
        (answer.status, answer.text)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_with_its_key_gets_the_same_answer_and_costs_nothing() {
    let site = Site::new("1").await;
    for (key, stream) in [("whole", false), ("stream", true)] {
        let body = chat_request("good", json!({ "stream": stream }));
        let first = site.keyed(key, &body).await;
        let (balance, _) = site.balance().await;
        let again = site.keyed(key, &body).await;
        assert_eq!(first, again);
        assert_eq!(again.0, 200);
        assert_eq!(site.balance().await.0, balance);
        let (status, refusal) = site.keyed(key, &chat_request("good", json!({ "stream": stream, "seed": 1 }))).await;
        assert_eq!(status, 409, "{refusal}");
    }
    // What failed may be tried again.
    for _ in 0..2 {
        assert_eq!(site.keyed("failure", &chat_request("broken", Value::Null)).await.0, 503);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balance_for_one_call_admits_one_of_thirty_two() {
    // What is held is some 50 tokens for the conversation and 5 for the answer; twice that is more than there is.
    let site = Site::new("0.1").await;
    let calls = (0..32).map(|_| site.chat("slow", json!({ "max_tokens": 5 })));
    let answers = join_all(calls).await;
    let count = |wanted: u16| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(200), count(402)), (1, 31));
    assert_eq!(site.get("/api/v1/billing/transactions?type=DEBIT").await["pagination"]["total"], 1);
    assert_eq!(site.balance().await.1, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credit_is_spent_after_the_balance_and_no_further() {
    let site = Site::new("0").await;
    let call = async || site.chat("good", json!({ "max_tokens": 5 })).await;
    assert_eq!(call().await.0, 402);
    let ledger = Ledger::new(site.table.clone());
    let limit = |cents: i64| ledger.set_credit(site.company.into(), Amount::new(cents * NANOS / 100));
    limit(30).await.expect("a limit");
    let before = site.get("/api/v1/billing/balance").await;
    assert_eq!(
        (&before["balance"], &before["creditLimit"], &before["available"]),
        (&json!(0), &json!(0.3), &json!(0.3))
    );
    let mut answered = 0;
    let refusal = loop {
        match call().await {
            (200, _) => answered += 1,
            (status, refusal) => break (status, refusal),
        }
    };
    assert_eq!((refusal.0, &refusal.1["code"]), (402, &json!("insufficient_funds")), "{}", refusal.1);
    assert!(answered > 0, "credit is as good as money");
    let balance = nanos(&site.get("/api/v1/billing/balance").await["balance"]);
    assert!((-300_000_000..0).contains(&balance), "{balance}");
    // What is used cannot be taken away, and the books know that a balance may be below zero so far.
    assert!(matches!(limit(0).await, Err(Error::InsufficientFunds { .. })));
    site.run_schedule("ledger-cron").await.expect("check");
    limit(100).await.expect("a higher limit");
    assert_eq!(call().await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_leaves_pays_for_what_came() {
    let site = Site::new("1").await;
    let body = chat_request("slow", json!({ "stream": true }));
    let url = format!("{}/v1/chat/completions", site.base);
    let answer = site.client().post(url).bearer_auth(&site.key).json(&body).send().await.expect("answer");
    let mut pieces = answer.bytes_stream();
    pieces.next().await.expect("a piece").expect("bytes");
    pieces.next().await.expect("another piece").expect("bytes");
    drop(pieces);
    let debit = loop {
        let transactions = site.get("/api/v1/billing/transactions?type=DEBIT").await;
        if transactions["pagination"]["total"] == 1 {
            break transactions["data"][0].clone();
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((&debit["metadata"]["outcome"], &debit["metadata"]["estimated"]), (&json!("cancelled"), &json!(true)));
    assert_eq!(site.balance().await.1, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_held_comes_back() {
    let site = Site::new("1").await;
    {
        // The handler is dropped where it stands, as with a process that is killed.
        let body = chat_request("hang", Value::Null);
        let url = format!("{}/api/v1/chat/completions", site.base);
        let call = site.client().post(url).bearer_auth(&site.key).header("idempotency-key", "k").json(&body).send();
        let held = async {
            while site.balance().await.1 == "0" {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! { _ = call => panic!("a vendor that hangs has answered"), () = held => {} }
    }
    site.sweep().await;
    assert_ne!(site.balance().await.1, "0", "it is not overdue yet");
    site.clock.advance(17 * 60);
    site.sweep().await;
    assert_eq!(site.balance().await, ("1".to_owned(), "0".to_owned()));
    // The key is free again, after one answer that says so.
    let body = chat_request("hang", Value::Null);
    assert_eq!(site.keyed("k", &body).await.0, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_whose_message_got_lost_is_counted_once_all_the_same() {
    let site = Site::new("1").await;
    assert_eq!(site.chat("good", Value::Null).await.0, 200);
    let url = site.stack.sqs().queue_url(site.stack.queue_name("UsageQueue").expect("queue"));
    let sqs = site.platform.aws.sqs();
    // Lost, and then told twice.
    let lost = sqs.receive_message().queue_url(&url).send().await.expect("messages").messages.unwrap_or_default();
    let lost = lost.first().and_then(|message| message.body.clone()).expect("a message");
    sqs.purge_queue().queue_url(&url).send().await.expect("purged");
    site.clock.advance(17 * 60);
    site.sweep().await;
    sqs.send_message().queue_url(&url).message_body(lost).send().await.expect("sent");
    assert_eq!(site.count().await, 2);
    let usage = site.get("/api/v1/analytics/usage").await;
    assert_eq!(usage["summary"]["totalRequests"], 1);
    let debits = site.get("/api/v1/billing/transactions?type=DEBIT").await;
    assert_eq!(usage["summary"]["totalCost"], debits["data"][0]["amount"]);
}
