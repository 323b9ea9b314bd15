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

const PATH: &str = "/api/v1/webhooks";
pub(super) const SECRET: &str = "your-webhook-secret";

/// What a server got.
#[derive(Clone)]
pub(super) struct Got {
    headers: HeaderMap,
    body: String,
}

/// A server of a company: answers what a test says, and 200 when it says nothing.
pub(super) struct Server {
    pub(super) url: String,
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Server {
    pub(super) async fn start() -> Self {
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

    fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    pub(super) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Checks both signatures, computed as a receiver does it.
    pub(super) fn check(&self, secret: &str) {
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
    pub(super) async fn webhooks(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        self.call(method, &format!("{PATH}{path}"), &self.token, body).await
    }

    /// A webhook for calls, and its path.
    pub(super) async fn webhook(&self, url: &str) -> (Value, String) {
        let body = json!({ "url": url, "events": ["usage.tracked"], "secret": SECRET });
        let (status, made) = self.webhooks(Method::POST, "", &body).await;
        assert_eq!(status, 201, "{made}");
        let path = format!("/{}", text(&made["id"]));
        (made, path)
    }

    /// A call, counted: something to tell. Returns its answer.
    async fn happen(&self) -> Value {
        let (status, answer) = self.chat("good", Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(self.count().await, 1);
        answer
    }

    /// Hands a message to a worker, which has to take it.
    async fn hand(&self, worker: &str, message: &Message) {
        let record = message.event_record("arn:aws:sqs:eu-central-1:000000000000:q", "eu-central-1");
        let report = self.stack.invoke(worker, &json!({ "Records": [record] })).await.expect("report");
        assert_eq!(report.get(), r#"{"batchItemFailures":[]}"#);
    }

    async fn log(&self, path: &str) -> Vec<Value> {
        let (status, log) = self.webhooks(Method::GET, &format!("{path}/deliveries"), &Value::Null).await;
        assert_eq!((status, &log["nextCursor"]), (200, &Value::Null), "{log}");
        log["data"].as_array().expect("a list").clone()
    }

    async fn letters_about(&self, subject: &str) -> Vec<Value> {
        self.letters().await.into_iter().filter(|letter| letter["subject"] == subject).collect()
    }
}

fn statuses(delivery: &Value) -> Vec<u64> {
    let attempts = delivery["attempts"].as_array().expect("attempts");
    attempts.iter().map(|attempt| attempt["statusCode"].as_u64().expect("a status")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_made_shown_changed_and_removed() {
    let site = Site::new("0").await;
    let url = "https://your-app.com/webhooks/ai-aggregator";
    let body =
        json!({ "url": url, "events": ["payment.succeeded", "payment.failed", "usage.tracked"], "secret": SECRET });
    let (status, made) = site.webhooks(Method::POST, "", &body).await;
    let path = format!("/{}", text(&made["id"]));
    let wanted = json!({
        "id": made["id"], "url": url, "events": body["events"], "secret": SECRET, "isActive": true, "disabledReason": null,
        "failingSince": null, "createdAt": "2026-01-15T12:00:00.000Z", "updatedAt": "2026-01-15T12:00:00.000Z",
    });
    assert_eq!((status, &made), (201, &wanted));
    let mut shown = wanted;
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(site.webhooks(Method::GET, &path, &Value::Null).await, (200, shown.clone()));
    assert_eq!(site.webhooks(Method::GET, "", &Value::Null).await, (200, json!({ "data": [shown] })));

    let generated = json!({ "url": url, "events": ["usage.tracked"] });
    let secret = site.webhooks(Method::POST, "", &generated).await.1["secret"].clone();
    assert!(text(&secret).starts_with("whsec_"), "{secret}");

    site.clock.advance(1);
    let change = json!({ "events": ["usage.tracked"], "isActive": false, "secret": "another-secret" });
    let (status, changed) = site.webhooks(Method::PATCH, &path, &change).await;
    assert_eq!((status, &changed["url"], &changed["events"]), (200, &json!(url), &json!(["usage.tracked"])));
    assert_eq!((&changed["isActive"], &changed["secret"]), (&json!(false), &json!("another-secret")));
    assert_eq!(changed["updatedAt"], "2026-01-15T12:00:01.000Z");

    let removed = site.ask(Method::DELETE, &format!("{PATH}{path}"), &site.token, &Value::Null).await;
    assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    for method in [Method::GET, Method::DELETE] {
        let (status, refusal) = site.webhooks(method, &path, &Value::Null).await;
        assert_eq!((status, &refusal["code"]), (404, &json!("webhook_not_found")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_makes_one_webhook() {
    let site = Site::new("0").await;
    let make = async |url: &str| {
        let body = json!({ "url": url, "events": ["usage.tracked"] });
        site.once(PATH, &site.token, "key-1", &body).await
    };
    let first = make("https://your-app.com/one").await;
    assert_eq!((first.0, make("https://your-app.com/one").await), (201, first), "with its secret");
    let (status, refusal) = make("https://your-app.com/two").await;
    assert_eq!((status, &refusal["code"]), (409, &json!("idempotency_key_reused")));
    assert_eq!(site.webhooks(Method::GET, "", &Value::Null).await.1["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_not_do_is_refused() {
    let site = Site::new("0").await;
    let url = "https://your-app.com/hooks";
    for (body, field, code) in [
        (json!({ "events": ["usage.tracked"] }), "url", "required"),
        (json!({ "url": url }), "events", "required"),
        (json!({ "url": url, "events": [] }), "events", "required"),
        (json!({ "url": url, "events": ["webhook.test"] }), "events", "not_allowed"),
        (json!({ "url": url, "events": "usage.tracked" }), "events", "type"),
        (json!({ "url": "your-app.com", "events": ["usage.tracked"] }), "url", "format"),
        (json!({ "url": "ftp://your-app.com", "events": ["usage.tracked"] }), "url", "scheme"),
        (json!({ "url": "https://10.0.0.1/", "events": ["usage.tracked"] }), "url", "private_address"),
        (json!({ "url": url, "events": ["usage.tracked"], "secret": "short" }), "secret", "length"),
        (json!({ "url": url, "events": ["usage.tracked"], "secret": "whsec_short" }), "secret", "format"),
    ] {
        let (status, refusal) = site.webhooks(Method::POST, "", &body).await;
        let detail = &refusal["details"][0];
        assert_eq!((status, &detail["field"], &detail["code"]), (400, &json!(field), &json!(code)), "{body}");
    }
    let (_, path) = site.webhook(url).await;
    let (status, refusal) = site.webhooks(Method::PATCH, &path, &json!({ "url": "https://127.1/" })).await;
    assert_eq!((status, &refusal["details"][0]["field"]), (400, &json!("url")));
    for query in ["limit=0", "limit=101", "cursor=x"] {
        let (status, _) = site.webhooks(Method::GET, &format!("{path}/deliveries?{query}"), &Value::Null).await;
        assert_eq!(status, 400, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_deployed_webhooks_stay_out_of_our_network() {
    let site = Site::with("0", &[("AggregatorWebhookAllowPrivate", "false")]).await;
    for (url, code) in [
        ("http://127.0.0.1:9000/", "scheme"),
        ("https://127.0.0.1:9000/", "private_address"),
        ("https://localhost/", "private_address"),
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
    ] {
        let (status, refusal) =
            site.webhooks(Method::POST, "", &json!({ "url": url, "events": ["usage.tracked"] })).await;
        assert_eq!((status, &refusal["details"][0]["code"]), (400, &json!(code)), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_has_twenty_webhooks_at_most() {
    let site = Site::new("0").await;
    for _ in 0..20 {
        site.webhook("https://your-app.com/hooks").await;
    }
    let body = json!({ "url": "https://your-app.com/hooks", "events": ["usage.tracked"] });
    let (status, refusal) = site.webhooks(Method::POST, "", &body).await;
    assert_eq!((status, &refusal["details"][0]["code"]), (400, &json!("limit")));
    let (_, all) = site.webhooks(Method::GET, "", &Value::Null).await;
    site.ask(Method::DELETE, &format!("{PATH}/{}", text(&all["data"][0]["id"])), &site.token, &Value::Null).await;
    assert_eq!(site.webhooks(Method::POST, "", &body).await.0, 201, "one is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_are_their_companys_alone() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    let (_, path) = site.webhook(&server.url).await;
    site.happen().await;
    let delivery = text(&site.log(&path).await[0]["id"]);
    let stranger = json!({ "email": "admin@other.com", "password": "securepassword123" });
    let (_, stranger) = site.call(Method::POST, "/api/v1/auth/register", "", &stranger).await;
    let stranger = text(&stranger["accessToken"]);
    let routes = [
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::POST, format!("{path}/test")),
        (Method::GET, format!("{path}/deliveries")),
        (Method::POST, format!("{path}/deliveries/{delivery}/replay")),
    ];
    for (method, route) in &routes {
        let body = if *method == Method::PATCH { json!({}) } else { Value::Null };
        let call = async |bearer| site.call(method.clone(), &format!("{PATH}{route}"), bearer, &body).await;
        let (status, refusal) = call(&stranger).await;
        assert_eq!((status, &refusal["code"]), (404, &json!("webhook_not_found")), "{method} {route}");
        let (status, refusal) = call(&site.key).await;
        assert_eq!((status, &refusal["code"]), (403, &json!("permission_denied")), "{method} {route}");
        assert_eq!(call("").await.0, 401, "{method} {route}");
    }
    let (_, none) = site.call(Method::GET, PATH, &stranger, &Value::Null).await;
    assert_eq!(none, json!({ "data": [] }));
    for path in ["/x", "/x/deliveries"] {
        assert_eq!(site.webhooks(Method::GET, path, &Value::Null).await.0, 404, "{path}");
    }
    let missing = format!("{path}/deliveries/019bc1a2-0000-8000-8000-000000000001/replay");
    let (status, refusal) = site.webhooks(Method::POST, &missing, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (404, &json!("delivery_not_found")));
    assert!(server.got().is_empty());
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
async fn a_server_that_is_gone_is_left_alone_and_its_company_told_once() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    let (_, path) = site.webhook(&server.url).await;
    server.answer(&[410]);
    site.happen().await;
    assert_eq!(site.drain("WebhookQueue").await, 1);
    let (_, webhook) = site.webhooks(Method::GET, &path, &Value::Null).await;
    assert_eq!((&webhook["isActive"], &webhook["disabledReason"]), (&json!(false), &json!("gone")));
    let [letter] = &site.letters_about("Вебхук отключён").await[..] else { panic!("one letter") };
    assert_eq!(letter["to"], "admin@company.com");
    assert!(text(&letter["text"]).contains(&server.url), "{letter}");
    site.happen().await;
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (0, 1), "nothing is sent any more");

    let [cancelled] = &site.log(&path).await[..] else { panic!("one delivery") };
    assert_eq!((&cancelled["status"], statuses(cancelled)), (&json!("cancelled"), vec![410]));
    let replay = format!("{path}/deliveries/{}/replay", text(&cancelled["id"]));
    let (status, refusal) = site.webhooks(Method::POST, &replay, &Value::Null).await;
    assert_eq!((status, &refusal["details"][0]["code"]), (400, &json!("inactive")));
    let (_, enabled) = site.webhooks(Method::PATCH, &path, &json!({ "isActive": true })).await;
    assert_eq!((&enabled["isActive"], &enabled["disabledReason"]), (&json!(true), &Value::Null));
    let (status, replayed) = site.webhooks(Method::POST, &replay, &Value::Null).await;
    assert_eq!((status, &replayed["status"], &replayed["id"]), (202, &json!("pending"), &cancelled["id"]));
    let (status, refusal) = site.webhooks(Method::POST, &replay, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (409, &json!("in_progress")));
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, 2));
    let again = server.got().pop().expect("a call");
    assert_eq!(again.header("webhook-id"), text(&cancelled["eventId"]));
    again.check(SECRET);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_how_it_went_and_has_no_consequences() {
    let server = Server::start().await;
    let site = Site::new("0").await;
    let (_, path) = site.webhook(&server.url).await;
    let test = async || site.webhooks(Method::POST, &format!("{path}/test"), &Value::Null).await;
    let (status, went) = test().await;
    assert_eq!((status, &went["status"], &went["event"]), (200, &json!("delivered"), &json!("webhook.test")));
    let [got] = &server.got()[..] else { panic!("one call") };
    got.check(SECRET);
    assert_eq!((&got.json()["id"], &got.json()["event"]), (&went["id"], &json!("webhook.test")));
    server.answer(&[410]);
    let (status, went) = test().await;
    assert_eq!((status, &went["status"], statuses(&went)), (200, &json!("failed"), vec![410]));
    let nobody = json!({ "url": "http://127.0.0.1:1/hooks" });
    assert_eq!(site.webhooks(Method::PATCH, &path, &nobody).await.0, 200);
    let (_, went) = test().await;
    assert_eq!((&went["status"], &went["attempts"][0]["error"]), (&json!("failed"), &json!("unreachable")));
    let (_, webhook) = site.webhooks(Method::GET, &path, &Value::Null).await;
    assert_eq!((&webhook["isActive"], &webhook["failingSince"]), (&json!(true), &Value::Null));
    assert!(site.log(&path).await.is_empty() && site.letters_about("Вебхук отключён").await.is_empty());
}
