//! Webhooks: their lives, what servers of companies get, and what happens when those do not take it. The servers are real ones on this machine.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use quintet::sqs::Message;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Site, text};
use crate::world::serve;

pub const PATH: &str = "/api/v1/webhooks";
pub const SECRET: &str = "your-webhook-secret";

/// What a server got.
#[derive(Clone)]
pub struct Got {
    headers: HeaderMap,
    body: String,
}

/// A server of a company: answers what a test says, and 200 when it says nothing.
pub struct Server {
    pub url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Server {
    pub async fn start() -> Self {
        let got = Arc::<Mutex<Vec<Got>>>::default();
        let answers = Arc::<Mutex<VecDeque<u16>>>::default();
        let (keep, next) = (Arc::clone(&got), Arc::clone(&answers));
        let receive = async move |headers: HeaderMap, body: Bytes| {
            keep.lock().unwrap().push(Got { headers, body: String::from_utf8(body.to_vec()).unwrap() });
            let status = next.lock().unwrap().pop_front().unwrap_or(200);
            (StatusCode::from_u16(status).unwrap(), "принято")
        };
        let url = serve(axum::Router::new().route("/hooks", axum::routing::post(receive))).await;
        Self { url: format!("{url}/hooks"), got, answers }
    }

    pub fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Checks both signatures, computed as a receiver does it.
    pub fn check(&self, secret: &str) {
        let (before, rest) = self.body.split_once(r#","signature":"sha256="#).expect("a signature");
        let mut wanted = String::new();
        for byte in mac(secret, &format!("{before}}}")) {
            write!(wanted, "{byte:02x}").unwrap();
        }
        assert_eq!(rest, format!("{wanted}\"}}"));
        let signed = format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        assert_eq!(self.header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac(secret, &signed))));
    }
}

fn mac(secret: &str, message: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

impl Site {
    pub async fn webhooks(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        self.call(method, &format!("{PATH}{path}"), &self.token, body).await
    }

    /// A webhook for calls, and its path.
    pub async fn webhook(&self, url: &str) -> (Value, String) {
        let body = json!({ "url": url, "events": ["usage.tracked"], "secret": SECRET });
        let (status, made) = self.webhooks(Method::POST, "", &body).await;
        assert_eq!(status, 201, "{made}");
        let path = format!("/{}", text(&made["id"]));
        (made, path)
    }

    /// A call, counted: something to tell. Returns its answer.
    pub async fn happen(&self) -> Value {
        let (status, answer) = self.chat("good", Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(self.count().await, 1);
        answer
    }

    /// Hands a message to a worker, which has to take it.
    pub async fn hand(&self, worker: &str, message: &Message) {
        let record = message.event_record("arn:aws:sqs:eu-central-1:000000000000:q", "eu-central-1");
        let report = self.stack.invoke(worker, &json!({ "Records": [record] })).await.expect("report");
        assert_eq!(report.get(), r#"{"batchItemFailures":[]}"#);
    }

    pub async fn log(&self, path: &str) -> Vec<Value> {
        let (status, log) = self.webhooks(Method::GET, &format!("{path}/deliveries"), &Value::Null).await;
        assert_eq!((status, &log["nextCursor"]), (200, &Value::Null), "{log}");
        log["data"].as_array().expect("a list").clone()
    }

    pub async fn letters_about(&self, subject: &str) -> Vec<Value> {
        self.letters().await.into_iter().filter(|letter| letter["subject"] == subject).collect()
    }
}

pub fn statuses(delivery: &Value) -> Vec<u64> {
    let attempts = delivery["attempts"].as_array().expect("attempts");
    attempts.iter().map(|attempt| attempt["statusCode"].as_u64().expect("a status")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_told_once_and_signed_twice() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    let (_, path) = site.webhook(&server.url).await;
    let other = json!({ "url": server.url, "events": ["payment.succeeded", "payment.failed"] });
    assert_eq!(site.webhooks(Method::POST, "", &other).await.0, 201);
    let (_, answer) = site.chat("good", Value::Null).await;
    let [counted] = &site.take("UsageQueue").await[..] else { panic!("one message") };
    site.hand("aggregator-usage-worker", counted).await;
    site.hand("aggregator-usage-worker", counted).await;
    let [told] = &site.take("WebhookQueue").await[..] else { panic!("one message") };
    site.hand("aggregator-webhook-worker", told).await;
    site.hand("aggregator-webhook-worker", told).await;

    let [got] = &server.got()[..] else { panic!("one call") };
    got.check(SECRET);
    assert_eq!(got.header("content-type"), "application/json");
    let event = got.json();
    assert_eq!((&event["event"], &event["timestamp"]), (&json!("usage.tracked"), &json!("2026-01-15T12:00:00.000Z")));
    assert_eq!(event["id"], got.header("webhook-id"));
    let transaction = site.get("/api/v1/billing/transactions?type=DEBIT").await["data"][0].clone();
    let usage = &answer["usage"];
    let wanted = json!({
        "companyId": site.company.to_string(), "callId": transaction["id"], "apiKeyId": transaction["metadata"]["apiKeyId"],
        "model": "good", "provider": "openai", "promptTokens": usage["prompt_tokens"],
        "completionTokens": usage["completion_tokens"], "totalTokens": usage["total_tokens"], "cost": answer["cost"],
        "currency": "USD", "createdAt": transaction["createdAt"],
    });
    assert_eq!(event["data"], wanted);
    assert_eq!(answer["id"], format!("chatcmpl-{}", text(&wanted["callId"]).replace('-', "")));

    let [delivery] = &site.log(&path).await[..] else { panic!("one delivery") };
    assert_eq!((&delivery["status"], &delivery["eventId"]), (&json!("delivered"), &event["id"]));
    assert_eq!(delivery["payload"]["data"], wanted);
    let attempt = &delivery["attempts"][0];
    assert_eq!((&attempt["statusCode"], &attempt["detail"]), (&json!(200), &json!("принято")));
    assert_eq!(delivery["nextAttemptAt"], Value::Null);
    let usage = site.get("/api/v1/analytics/usage").await;
    assert_eq!(usage["summary"]["totalRequests"], 1);

    // For a day, both secrets sign.
    let change = json!({ "secret": "another-secret" });
    assert_eq!(site.webhooks(Method::PATCH, &path, &change).await.0, 200);
    site.happen().await;
    assert_eq!(site.drain("WebhookQueue").await, 1);
    assert_eq!(server.got()[1].header("webhook-signature").split(' ').count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_calls_is_one_look_at_who_wants_to_know() {
    let site = Site::new("1").await;
    for _ in 0..3 {
        assert_eq!(site.chat("good", json!({ "max_tokens": 10 })).await.0, 200);
    }
    site.clock.advance(1);
    site.faults.seen();
    assert_eq!(site.count().await, 3);
    let seen = site.faults.seen();
    assert_eq!(seen.iter().filter(|target| target.contains("Query")).count(), 1, "{seen:?}");
    // Whoever is made before a call is told of it, however short before the last look.
    let server = Server::start().await;
    site.webhook(&server.url).await;
    site.happen().await;
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_fails_is_tried_again_in_seconds_minutes_and_hours() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    let (_, path) = site.webhook(&server.url).await;
    server.answer(&[500, 503, 500]);
    site.happen().await;
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, 1));
    let (_, failing) = site.webhooks(Method::GET, &path, &Value::Null).await;
    assert_eq!(failing["failingSince"], "2026-01-15T12:00:00.000Z");
    // Pauses of seconds and minutes are waited for in the queue: nobody sweeps.
    for (pause, calls) in [(8, 2), (6 * 60 + 2, 3)] {
        assert_eq!(site.drain("WebhookQueue").await, 0, "it is not due");
        site.clock.advance(pause);
        assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, calls));
    }
    let [delivery] = &site.log(&path).await[..] else { panic!("one delivery") };
    assert_eq!((&delivery["status"], statuses(delivery)), (&json!("pending"), vec![500, 503, 500]));
    assert!(delivery["nextAttemptAt"].is_string());
    // Half an hour is too long for a queue.
    site.clock.advance(36 * 60);
    assert_eq!(site.drain("WebhookQueue").await, 0);
    site.sweep().await;
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, 4));
    let got = server.got();
    assert!(got.iter().all(|it| it.body == got[0].body && it.header("webhook-id") == got[0].header("webhook-id")));
    let [delivery] = &site.log(&path).await[..] else { panic!("one delivery") };
    assert_eq!((&delivery["status"], statuses(delivery)), (&json!("delivered"), vec![500, 503, 500, 200]));
    let (_, well) = site.webhooks(Method::GET, &path, &Value::Null).await;
    assert_eq!((&well["failingSince"], &well["isActive"]), (&Value::Null, &json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_message_is_found_by_the_sweeper() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    site.webhook(&server.url).await;
    server.answer(&[500]);
    site.happen().await;
    assert_eq!(site.take("WebhookQueue").await.len(), 1, "and lost");
    site.sweep().await;
    assert_eq!(site.drain("WebhookQueue").await, 0, "it may still be on its way");
    site.clock.advance(121);
    site.sweep().await;
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, 1));
    // So is one that waits for the next attempt.
    site.clock.advance(8);
    assert_eq!(site.take("WebhookQueue").await.len(), 1, "and lost");
    site.sweep().await;
    assert_eq!(site.drain("WebhookQueue").await, 0);
    site.clock.advance(121);
    site.sweep().await;
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, 2));
    site.clock.advance(1000);
    site.sweep().await;
    assert_eq!(site.drain("WebhookQueue").await, 0, "it is delivered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_nothing_for_days_is_left_alone_too() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    site.webhook(&server.url).await;
    server.answer(&[500, 500]);
    site.happen().await;
    assert_eq!(site.drain("WebhookQueue").await, 1);
    site.clock.advance(5 * 24 * 3600);
    assert_eq!(site.drain("WebhookQueue").await, 0, "the queue keeps nothing for five days");
    site.sweep().await;
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, 2));
    let [letter] = &site.letters_about("Вебхук отключён").await[..] else { panic!("one letter") };
    assert!(text(&letter["text"]).contains("слишком долго"), "{letter}");
}
