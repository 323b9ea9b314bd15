//! The money under fire: many calls at once on too little, vendors that fail, readers who leave, and a process that is killed in the midst of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::kernel::{Clock, SystemClock, Timestamp};
use domain::ledger::{Check, Ledger};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use quintet::{Data, Stack, StackOptions};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use store::{Aws, Table};
use tempfile::TempDir;
use uuid::Uuid;

use super::{MODELS, Site, chat_request, confirmation, nanos, text};
use crate::stack::Process;

const CALLS: usize = 200;

/// What a caller saw of a call.
#[derive(Debug)]
enum Seen {
    /// An answer, and the operation that it names.
    Whole(u16, Uuid),
    /// A stream, as far as it came.
    Stream,
    /// The connection broke, or there was no answer.
    Nothing,
}

/// A call of one of several kinds, by its number. `key` makes it repeatable.
async fn call(client: &Client, base: &str, bearer: &str, number: usize, key: Option<&str>) -> Seen {
    let (model, stream, leaves) = match number % 6 {
        0 => ("good", false, false),
        1 => ("slow", false, false),
        2 => ("broken", false, false),
        3 => ("half", true, false),
        4 => ("slow", true, true),
        _ => ("chain", true, false),
    };
    let body = chat_request(model, json!({ "stream": stream, "max_tokens": 40 }));
    let mut request = client.post(format!("{base}/api/v1/chat/completions")).bearer_auth(bearer).json(&body);
    if let Some(key) = key {
        request = request.header("idempotency-key", format!("{key}-{number}"));
    }
    let Ok(answer) = request.send().await else { return Seen::Nothing };
    let status = answer.status().as_u16();
    if stream && status == 200 {
        let mut pieces = answer.bytes_stream();
        while let Some(Ok(_)) = pieces.next().await {
            if leaves {
                break;
            }
        }
        return Seen::Stream;
    }
    match answer.json::<Value>().await {
        Ok(answer) => {
            let id = answer["id"].as_str().and_then(|id| id.strip_prefix("chatcmpl-")).and_then(|id| id.parse().ok());
            Seen::Whole(status, id.unwrap_or_default())
        }
        Err(_) => Seen::Nothing,
    }
}

/// All transactions by id, in nano-dollars.
async fn statement(get: impl AsyncFn(&str) -> Value) -> BTreeMap<Uuid, i64> {
    let mut found = BTreeMap::new();
    for page in 1.. {
        let transactions = get(&format!("/api/v1/billing/transactions?limit=100&page={page}")).await;
        let data = transactions["data"].as_array().expect("transactions");
        for transaction in data {
            let sign = if transaction["type"] == "DEBIT" { -1 } else { 1 };
            let before =
                found.insert(text(&transaction["id"]).parse().expect("an id"), sign * nanos(&transaction["amount"]));
            assert_eq!(before, None, "{transaction} is listed twice");
        }
        if data.is_empty() {
            break;
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_at_once_on_a_balance_for_fifty() {
    // A call holds about a tenth of a dollar: 40 tokens for the answer and some 50 for the question, a dollar for a thousand.
    let site = Site::new("5").await;
    let calls = (0..CALLS).map(|number| call(site.client(), &site.base, &site.key, number, None));
    let seen = join_all(calls).await;
    let count =
        |wanted: u16| seen.iter().filter(|seen| matches!(seen, Seen::Whole(status, _) if *status == wanted)).count();
    let streams = seen.iter().filter(|seen| matches!(seen, Seen::Stream)).count();
    assert_eq!(count(200) + streams + count(402) + count(503) + count(502), CALLS, "{seen:?}");
    assert!(count(402) > 0 && count(200) > 0 && streams > 0, "{seen:?}");
    // Readers who left may be settled a moment later.
    while site.balance().await.1 != "0" {
        tokio::task::yield_now().await;
    }
    let entries = statement(async |path| site.get(path).await).await;
    let balance = nanos(&site.get("/api/v1/billing/balance").await["balance"]);
    assert_eq!(entries.values().sum::<i64>(), balance);
    assert!(balance >= 0, "{balance}");
    for seen in &seen {
        if let Seen::Whole(200, id) = seen {
            assert!(entries[id] < 0, "an answer that was not paid for");
        }
    }
    // The gift, and one for each answer; a stream that broke, or was left, before its first word costs nothing.
    let paid = entries.len() - 1;
    assert!((count(200)..=count(200) + streams).contains(&paid), "{paid} of {} and {streams}", count(200));
    // What was counted is what was paid.
    site.count().await;
    let usage = site.get("/api/v1/analytics/usage").await;
    assert_eq!(usage["summary"]["totalRequests"], paid);
    assert_eq!(nanos(&usage["summary"]["totalCost"]), 5_000_000_000 - balance);
}

fn parameters() -> [(&'static str, &'static str); 5] {
    [
        ("AggregatorModels", MODELS),
        ("AggregatorWelcomeUsd", "20"),
        ("AggregatorRateLimitChat", "10000/60"),
        ("AggregatorRateLimitBilling", "10000/60"),
        ("AggregatorChatTimeouts", "60000/60000/60000/120000"),
    ]
}

/// The machine's clock, so far ahead that whoever was killed is given up.
struct Later;

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now() + std::time::Duration::from_mins(20)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_among_its_calls_loses_nothing_and_charges_nothing_twice() {
    let folder = TempDir::new().expect("a folder");
    let process = Process::start(folder.path(), 0, &parameters());
    let client = Client::new();
    let body = json!({ "email": "admin@company.com", "password": "securepassword123", "name": "My Company" });
    let register = client.post(format!("{}/api/v1/auth/register", process.aggregator)).json(&body);
    let company: Value = register.send().await.expect("answer").json().await.expect("JSON");
    let token = text(&company["accessToken"]);
    let letters = client.get(format!("{}/mailbox/letters.json", process.sandbox)).send().await.expect("answer");
    let link = confirmation(&letters.json::<Vec<Value>>().await.expect("letters"));
    assert_eq!(client.get(format!("{}{link}", process.aggregator)).send().await.expect("answer").status(), 200);

    let (base, whole, over) = (process.aggregator.clone(), AtomicUsize::new(0), AtomicUsize::new(0));
    let calls = join_all((0..CALLS).map(async |number| {
        let seen = call(&client, &base, &token, number, Some("once")).await;
        whole.fetch_add(usize::from(matches!(seen, Seen::Whole(200, _))), Ordering::Relaxed);
        over.fetch_add(1, Ordering::Relaxed);
        seen
    }));
    let kill = async {
        // Some are paid for and told, most are not.
        while whole.load(Ordering::Relaxed) < 10 && over.load(Ordering::Relaxed) < CALLS {
            tokio::task::yield_now().await;
        }
        drop(process);
    };
    let (seen, ()) = tokio::join!(calls, kill);
    assert!(seen.iter().any(|seen| matches!(seen, Seen::Nothing)), "the kill came too late: {seen:?}");

    // The same folder in another process, when whoever was killed is given up.
    let options = StackOptions {
        data: Data::Folder(folder.path().to_owned()),
        clock: Arc::new(Later),
        parameters: parameters().map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..StackOptions::for_tests()
    };
    let stack = Stack::start(options).await.expect("stack");
    let base = stack.base_url("aggregator").expect("address");
    stack.run_schedule("aggregator-maintenance-cron").await.expect("sweep");
    while stack.deliver("UsageQueue").await.expect("delivery") > 0 {}
    stack.run_schedule("aggregator-maintenance-cron").await.expect("sweep");
    let get = async |path: &str| {
        let answer = client.request(Method::GET, format!("{base}{path}")).bearer_auth(&token).send().await;
        answer.expect("answer").json::<Value>().await.expect("JSON")
    };
    let balance = get("/api/v1/billing/balance").await;
    assert_eq!(balance["reserved"], 0, "{balance}");
    let entries = statement(&get).await;
    assert_eq!(entries.values().sum::<i64>(), nanos(&balance["balance"]));
    for seen in &seen {
        if let Seen::Whole(200, id) = seen {
            assert!(entries.get(id).is_some_and(|amount| *amount < 0), "an answer that was not paid for: {id}");
        }
    }
    let usage = get("/api/v1/analytics/usage").await;
    assert_eq!(usage["summary"]["totalRequests"], entries.len() - 1, "each call that was paid for is counted once");

    // Everybody asks again with the same key: what was answered costs nothing more.
    let again = join_all((0..CALLS).map(|number| call(&client, &base, &token, number, Some("once")))).await;
    let mut repeated = 0;
    for pair in seen.iter().zip(&again) {
        if let (Seen::Whole(200, before), Seen::Whole(status, id)) = pair {
            assert_eq!((*status, id), (200, before), "the stored answer");
            repeated += 1;
        }
    }
    assert!(repeated > 0, "nobody had a whole answer before the kill: {seen:?}");
    let after = statement(&get).await;
    for (id, amount) in &entries {
        assert_eq!(after.get(id), Some(amount), "an entry changed");
    }
    let ledger = Ledger::new(Table::new(operator(&stack).dynamodb(), stack.table_name("aggregator").expect("table")));
    let report = ledger.check_all(&Check::default(), Later.now()).await.expect("check");
    assert!(report.is_clean(), "{:?}", report.differences);
}

fn operator(stack: &Stack) -> Aws {
    let platform = stack.platform("aggregator-billing").expect("function");
    Aws::new(edge::aws_settings(&platform.vars).expect("AWS settings"))
}
