//! AI Aggregator: what each endpoint, worker and schedule uses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::Table;
use crate::aggregator::{Site, request, text};
use crate::prices::Row;
use crate::world::serve;

const CHAT: &str = "/api/v1/chat/completions";

/// Who calls, without a connection, so that what is used can be measured.
struct Client<'a> {
    site: &'a Site,
    answered: Arc<AtomicUsize>,
}

impl Client<'_> {
    async fn call(&self, method: Method, path: &str, bearer: &str, body: &Value) -> Value {
        self.call_once(method, path, bearer, "", body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, &self.site.key, &Value::Null).await
    }

    /// With a key by which a repeat is known.
    async fn call_once(&self, method: Method, path: &str, bearer: &str, once: &str, body: &Value) -> Value {
        let mut request = http::Request::builder().method(method).uri(path).header("content-type", "application/json");
        if !bearer.is_empty() {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        if !once.is_empty() {
            request = request.header("idempotency-key", once);
        }
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let answer = self.site.stack.http("aggregator", request.body(body).expect("request")).await.expect("product");
        self.answered.store(answer.body().len(), Ordering::SeqCst);
        // A stream is no JSON.
        serde_json::from_slice(answer.body()).unwrap_or_default()
    }
}

pub async fn costs() -> Vec<Row> {
    let site = Site::new("10").await;
    let client = Client { site: &site, answered: Arc::default() };
    let mut table = Table::new(Arc::clone(&client.answered));
    accounts(&client, &mut table).await;
    chats(&client, &mut table).await;
    let date = "/api/v1/analytics/usage?startDate=2026-01-01&endDate=2026-01-30";
    table.measure("`GET /billing/balance`", client.get("/api/v1/billing/balance")).await;
    let path = "/api/v1/billing/transactions?limit=2";
    table.measure("`GET /billing/transactions`, 2 items", client.get(path)).await;
    table.measure("`GET /analytics/usage`, 30 days", client.get(date)).await;
    payments(&client, &mut table).await;
    webhooks(&client, &mut table).await;
    let sweep = site.stack.run_schedule("aggregator-maintenance-cron");
    table.measure("sweep, nothing to do", sweep).await.expect("sweep");
    let reconciliation = site.stack.run_schedule("aggregator-reconciliation-cron");
    table.measure("reconciliation, nothing to do", reconciliation).await.expect("reconciliation");
    table.rows
}

async fn accounts(client: &Client<'_>, table: &mut Table) {
    let (site, post) = (client.site, Method::POST);
    let who = json!({ "email": "other@company.com", "password": "securepassword123" });
    let register = client.call(post.clone(), "/api/v1/auth/register", "", &who);
    table.measure("`POST /auth/register`", register).await;
    let confirm = site.letter().await.replace(&site.base, "");
    table.measure("`GET /auth/verify-email`", client.call(Method::GET, &confirm, "", &Value::Null)).await;
    let log_in = client.call(post.clone(), "/api/v1/auth/login", "", &who);
    let signed_in = table.measure("`POST /auth/login`", log_in).await;
    let token = text(&signed_in["accessToken"]);
    let renew = json!({ "refreshToken": signed_in["refreshToken"] });
    let refresh = client.call(post.clone(), "/api/v1/auth/refresh", "", &renew);
    table.measure("`POST /auth/refresh`", refresh).await;
    let keys = "/api/v1/auth/api-keys";
    let key = json!({ "name": "Key", "permissions": ["chat"] });
    let made = table.measure("`POST /auth/api-keys`", client.call(post, keys, &token, &key)).await;
    let list = client.call(Method::GET, keys, &token, &Value::Null);
    table.measure("`GET /auth/api-keys`, 1 key", list).await;
    let path = format!("{keys}/{}", text(&made["id"]));
    let revoke = client.call(Method::DELETE, &path, &token, &Value::Null);
    table.measure("`DELETE /auth/api-keys/{id}`", revoke).await;
}

async fn chats(client: &Client<'_>, table: &mut Table) {
    let site = client.site;
    let chat = async |model: &str, more: Value, bearer: &str, once: &str| {
        client.call_once(Method::POST, CHAT, bearer, once, &request(model, more)).await
    };
    table.measure("`GET /models`", client.get("/api/v1/models")).await;
    // The instance knows the site's key by now, and not this one.
    let new = site.new_key(&["chat"]).await;
    table.measure("`POST /chat/completions`, a key's first", chat("good", Value::Null, &new, "")).await;
    table.measure("`POST /chat/completions`", chat("good", Value::Null, &site.key, "")).await;
    let asked = table.rows.last().expect("a chat").clone();
    table.measure("`POST /chat/completions`, by access token", chat("good", Value::Null, &site.token, "")).await;
    let stream = chat("good", json!({ "stream": true }), &site.key, "");
    table.measure("`POST /chat/completions`, streamed", stream).await;
    let once = chat("good", Value::Null, &site.key, "once");
    table.measure("`POST /chat/completions`, with `Idempotency-Key`", once).await;
    let again = chat("good", Value::Null, &site.key, "once");
    table.measure("`POST /chat/completions`, repeated", again).await;
    table.measure("`POST /chat/completions`, no vendor answers", chat("broken", Value::Null, &site.key, "")).await;
    let poor = chat("good", json!({ "max_tokens": 1000, "n": 16 }), &site.key, "");
    table.measure("`POST /chat/completions`, no money", poor).await;
    let vectors = json!({ "model": "vectors", "input": "Привет!" });
    let embed = client.call(Method::POST, "/api/v1/embeddings", &site.key, &vectors);
    table.measure("`POST /embeddings`", embed).await;
    site.count().await;
    site.chat("good", Value::Null).await;
    table.measure("usage worker, 1 call", site.count()).await;
    let counted = table.rows.last().expect("a call that was counted").clone();
    for _ in 0..10 {
        site.chat("good", Value::Null).await;
    }
    // What is read of the company's webhooks after the calls were made holds for all of them.
    site.clock.advance(1);
    table.measure("usage worker, 10 calls of a company", site.count()).await;
    table.rows.push(Row::sum("a chat in all: held, captured, counted", vec![asked, counted]));
}

async fn payments(client: &Client<'_>, table: &mut Table) {
    let site = client.site;
    let order = json!({ "amount": 1000, "currency": "RUB" });
    let create = client.call(Method::POST, "/api/v1/payments", &site.key, &order);
    let made = table.measure("`POST /payments`", create).await;
    let path = format!("/api/v1/payments/{}", text(&made["id"]));
    let pending = table.measure("`GET /payments/{payment_id}`", client.get(&path)).await;
    // Paid, and its notice held back.
    let page = text(&made["confirmationUrl"]);
    site.client.post(format!("{page}/pay-later")).send().await.expect("answer");
    let object = json!({ "id": pending["yookassaId"], "status": "succeeded" });
    let notice = json!({ "type": "notification", "event": "payment.succeeded", "object": object });
    for what in ["paid", "repeated"] {
        let tell = client.call(Method::POST, "/api/v1/payments/webhook/yookassa", "", &notice);
        table.measure(&format!("`POST /payments/webhook/yookassa`, {what}"), tell).await;
    }
    table.measure("`GET /payments`, 1 item", client.get("/api/v1/payments")).await;
}

async fn webhooks(client: &Client<'_>, table: &mut Table) {
    let (site, path) = (client.site, "/api/v1/webhooks");
    let call = async |method: Method, path: &str, body: &Value| client.call(method, path, &site.token, body).await;
    let url = serve(axum::Router::new().route("/", axum::routing::post(async || "ok"))).await;
    let body = json!({ "url": url, "events": ["usage.tracked"] });
    let made = table.measure("`POST /webhooks`", call(Method::POST, path, &body)).await;
    table.measure("`GET /webhooks`, 1 item", call(Method::GET, path, &Value::Null)).await;
    let one = format!("{path}/{}", text(&made["id"]));
    let change = json!({ "isActive": true });
    table.measure("`PATCH /webhooks/{id}`", call(Method::PATCH, &one, &change)).await;
    site.chat("good", Value::Null).await;
    table.measure("usage worker, 1 call, 1 webhook", site.count()).await;
    let deliver = site.stack.deliver("WebhookQueue");
    assert_eq!(table.measure("webhook worker, 1 event", deliver).await.expect("delivery"), 1);
    let log = format!("{one}/deliveries");
    table.measure("`GET /webhooks/{id}/deliveries`, 1 item", call(Method::GET, &log, &Value::Null)).await;
    table.measure("`DELETE /webhooks/{id}`", call(Method::DELETE, &one, &Value::Null)).await;
}
