//! AI Aggregator: what each endpoint, worker and schedule uses.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};

use super::Table;
use crate::aggregator::{Site, chat_request, text};
use crate::prices::Row;
use crate::world::serve;

const CHAT: &str = "/api/v1/chat/completions";

pub async fn costs() -> Vec<Row> {
    let site = Site::new("10").await;
    let mut table = Table::new(Arc::clone(&site.answered));
    accounts(&site, &mut table).await;
    chats(&site, &mut table).await;
    let date = "/api/v1/analytics/usage?startDate=2026-01-01&endDate=2026-01-30";
    table.measure("`GET /billing/balance`", site.get("/api/v1/billing/balance")).await;
    let path = "/api/v1/billing/transactions?limit=2";
    table.measure("`GET /billing/transactions`, 2 items", site.get(path)).await;
    table.measure("`GET /analytics/usage`, 30 days", site.get(date)).await;
    payments(&site, &mut table).await;
    webhooks(&site, &mut table).await;
    let sweep = site.run_schedule("maintenance-cron");
    table.measure("sweep, nothing to do", sweep).await.expect("sweep");
    let reconciliation = site.run_schedule("reconciliation-cron");
    table.measure("reconciliation, nothing to do", reconciliation).await.expect("reconciliation");
    table.rows
}

async fn accounts(site: &Site, table: &mut Table) {
    let post = Method::POST;
    let who = json!({ "email": "other@company.com", "password": "securepassword123" });
    let register = site.call(post.clone(), "/api/v1/auth/register", "", &who);
    table.measure("`POST /auth/register`", register).await;
    let confirm = site.letter().await;
    table.measure("`GET /auth/verify-email`", site.call(Method::GET, &confirm, "", &Value::Null)).await;
    let log_in = site.call(post.clone(), "/api/v1/auth/login", "", &who);
    let (_, signed_in) = table.measure("`POST /auth/login`", log_in).await;
    let token = text(&signed_in["accessToken"]);
    let renew = json!({ "refreshToken": signed_in["refreshToken"] });
    let refresh = site.call(post.clone(), "/api/v1/auth/refresh", "", &renew);
    table.measure("`POST /auth/refresh`", refresh).await;
    let keys = "/api/v1/auth/api-keys";
    let key = json!({ "name": "Key", "permissions": ["chat"] });
    let (_, made) = table.measure("`POST /auth/api-keys`", site.call(post, keys, &token, &key)).await;
    let list = site.call(Method::GET, keys, &token, &Value::Null);
    table.measure("`GET /auth/api-keys`, 1 key", list).await;
    let path = format!("{keys}/{}", text(&made["id"]));
    let revoke = site.call(Method::DELETE, &path, &token, &Value::Null);
    table.measure("`DELETE /auth/api-keys/{id}`", revoke).await;
}

async fn chats(site: &Site, table: &mut Table) {
    let chat = async |model: &str, more: Value, bearer: &str, once: &str| {
        site.once(CHAT, bearer, once, &chat_request(model, more)).await
    };
    table.measure("`GET /models`", site.get("/api/v1/models")).await;
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
    let embed = site.call(Method::POST, "/api/v1/embeddings", &site.key, &vectors);
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

async fn payments(site: &Site, table: &mut Table) {
    let order = json!({ "amount": 1000, "currency": "RUB" });
    let create = site.call(Method::POST, "/api/v1/payments", &site.key, &order);
    let (_, made) = table.measure("`POST /payments`", create).await;
    let path = format!("/api/v1/payments/{}", text(&made["id"]));
    let pending = table.measure("`GET /payments/{payment_id}`", site.get(&path)).await;
    // Paid, and its notice held back.
    let page = text(&made["confirmationUrl"]);
    site.client().post(format!("{page}/pay-later")).send().await.expect("answer");
    let object = json!({ "id": pending["yookassaId"], "status": "succeeded" });
    let notice = json!({ "type": "notification", "event": "payment.succeeded", "object": object });
    for what in ["paid", "repeated"] {
        table.measure(&format!("`POST /payments/webhook/yookassa`, {what}"), site.tell(&notice)).await;
    }
    table.measure("`GET /payments`, 1 item", site.get("/api/v1/payments")).await;
}

async fn webhooks(site: &Site, table: &mut Table) {
    let path = "/api/v1/webhooks";
    let call = async |method: Method, path: &str, body: &Value| site.call(method, path, &site.token, body).await;
    let url = serve(axum::Router::new().route("/", axum::routing::post(async || "ok"))).await;
    let body = json!({ "url": url, "events": ["usage.tracked"] });
    let (_, made) = table.measure("`POST /webhooks`", call(Method::POST, path, &body)).await;
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
