//! `/api/v1/payments/webhook/{provider}`, and the same with `/{kind}`: what real providers send, signed here by other code than the product's.

mod cloudpayments;
pub(crate) mod robokassa;
pub(crate) mod tbank;
mod yookassa;

use http::{Method, Request};
use serde_json::json;

use super::{PROVIDERS, begin, status, world};
use crate::easy_writer::Session;
use crate::world::{Reply, World};

const PATH: &str = "/api/v1/payments/webhook";

/// What the user has before and after paying 500 roubles.
const BEFORE: i64 = 100;
const AFTER: i64 = 5100;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// A call to the webhook of a provider.
fn call(provider: &str, content_type: &str, body: String) -> Request<String> {
    let request = Request::builder().method(Method::POST).uri(format!("{PATH}/{provider}"));
    request.header("content-type", content_type).body(body).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Asserts that a call is acknowledged in the provider's own words, without an envelope.
#[track_caller]
fn assert_acknowledged(reply: &Reply, content_type: &str, body: &str) {
    assert_eq!((reply.status, reply.text.as_str()), (200, body), "{}", reply.text);
    let told = reply.header("content-type").unwrap_or_default();
    assert!(told.starts_with(content_type), "{told}");
}

/// Asserts that a call was not believed.
#[track_caller]
fn assert_forged(reply: &Reply) {
    assert_eq!(reply.failure(), (401, "SIGNATURE_INVALID"), "{}", reply.text);
}

async fn assert_paid(world: &World, user: &Session, payment: &str) {
    assert_eq!(status(world, user, payment).await["status"], "completed");
    assert_eq!(world.balance(user).await, AFTER);
}

async fn assert_unpaid(world: &World, user: &Session, payment: &str) {
    assert_eq!(status(world, user, payment).await["status"], "pending");
    assert_eq!(world.balance(user).await, BEFORE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_nobody_signed_is_refused_by_every_provider() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    for provider in PROVIDERS {
        let payment = begin(&world, &user, provider).await;
        let calls = bank.calls();
        let path = if provider == "cloudpayments" { "cloudpayments/pay" } else { provider };
        let json = json!({
            "TerminalKey": super::TERMINAL, "OrderId": payment, "Status": "CONFIRMED", "Amount": 50_000,
            "InvoiceId": payment, "event": "payment.succeeded", "object": { "id": "x" }
        });
        let form = format!("OutSum=500.00&InvId=1&SignatureValue=00&Shp_payment={payment}");
        let call = match provider {
            "robokassa" => call(path, FORM, form),
            _ => call(path, JSON, json.to_string()),
        };
        assert_forged(&world.send(call).await);
        assert_eq!(bank.calls(), calls, "{provider} is not asked because of a forgery");
        assert_unpaid(&world, &user, &payment).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_refused_and_harms_nothing() {
    let (world, _bank) = world().await;
    for provider in PROVIDERS {
        for path in [provider.to_owned(), format!("{provider}/pay"), format!("{provider}/%F0%9F%92%B8")] {
            for body in ["", "{", "[]", "null", "{\"Token\":{}}", "a=b&a=c", "%FF%00", "\u{0}"] {
                for content_type in [JSON, FORM, "text/plain"] {
                    let reply = world.send(call(&path, content_type, body.to_owned())).await;
                    assert!(matches!(reply.status, 400 | 401), "{path} {body:?}: {} {}", reply.status, reply.text);
                }
            }
            let get = Request::builder().uri(format!("{PATH}/{path}?a=%FF&b"));
            let reply = world.send(get.body(String::new()).unwrap()).await;
            assert!(matches!(reply.status, 400 | 401), "{path}: {} {}", reply.status, reply.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_too_large_is_refused_unread() {
    let (world, _bank) = world().await;
    let large = "x".repeat(64 * 1024 + 1);
    let reply = world.send(call("tbank", JSON, large)).await;
    assert_eq!(reply.failure(), (413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_that_there_are_not_have_no_webhook() {
    let (world, _bank) = world().await;
    for provider in ["paypal", "TBank", ""] {
        assert_eq!(world.exchange(call(provider, JSON, "{}".to_owned())).await.status, 404, "{provider}");
    }
    let without = World::easy_writer().await;
    let reply = without.send(call("tbank", JSON, "{}".to_owned())).await;
    assert_eq!(reply.failure(), (404, "PAYMENT_NOT_FOUND"), "it is not set up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_one_address_are_limited() {
    let world = World::with_limits("2/60").await;
    let from = |address: &str| {
        let mut request = call("tbank", JSON, "{}".to_owned());
        request.headers_mut().insert("test-source-ip", address.parse().unwrap());
        request
    };
    for status in [404, 404, 429] {
        assert_eq!(world.send(from("198.51.100.1")).await.status, status);
    }
    assert_eq!(world.send(from("198.51.100.2")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_the_gateway_encoded_is_read_as_it_was_sent() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "tbank").await;
    // Of JSON that says its encoding in another spelling, the gateway knows less than we do.
    let mut notice = call("tbank", JSON, tbank::notice(&payment, "CONFIRMED").to_string());
    notice.headers_mut().remove("content-type");
    let answer = world.send(notice).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "OK"));
    assert_paid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schedule_finds_a_payment_whose_webhook_never_came() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "yookassa").await;
    bank.change(&super::bank::yookassa_id(&payment), &json!({ "status": "succeeded" }));
    world.clock.advance(300);
    world.run_schedule("reconciliation-cron").await.unwrap();
    assert_paid(&world, &user, &payment).await;
    bank.breaks(Some(500));
    begin(&world, &user, "robokassa").await;
    world.clock.advance(300);
    let failed = world.run_schedule("reconciliation-cron").await;
    assert!(failed.is_err(), "an operator has to hear of it");
}
