//! CloudPayments: HMAC-SHA-256 of the raw message, and an address for each kind of notice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use sha2::Sha256;

use super::super::{KEY, begin, world};
use super::{AFTER, BEFORE, FORM, PATH, assert_acknowledged, assert_forged, assert_paid, assert_unpaid, call};
use crate::world::{Reply, World};

fn signature(message: &str, key: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn signed(kind: &str, message: String, key: &str) -> Request<String> {
    let signature = signature(&message, key);
    let mut request = call(&format!("cloudpayments/{kind}"), FORM, message);
    request.headers_mut().insert("content-hmac", signature.parse().unwrap());
    request
}

fn message(payment: &str, status: &str, amount: &str) -> String {
    format!(
        "TransactionId=897728064&Amount={amount}&Currency=RUB&DateTime=2026-01-15%2012%3A00%3A00&TestMode=0\
         &Status={status}&OperationType=Payment&InvoiceId={payment}&Data=%7B%7D"
    )
}

async fn tell(world: &World, kind: &str, message: String) -> Reply {
    world.send(signed(kind, message, KEY)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_is_asked_about_then_credited_once() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "cloudpayments").await;
    let paid = message(&payment, "Completed", "500.00");
    assert_acknowledged(&tell(&world, "check", paid.clone()).await, "application/json", r#"{"code":0}"#);
    assert_unpaid(&world, &user, &payment).await;
    for _ in 0..3 {
        assert_acknowledged(&tell(&world, "pay", paid.clone()).await, "application/json", r#"{"code":0}"#);
    }
    assert_paid(&world, &user, &payment).await;
    assert_acknowledged(&tell(&world, "check", paid).await, "application/json", r#"{"code":13}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_in_the_query_string_is_proved_as_it_came() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "cloudpayments").await;
    let query = message(&payment, "Completed", "500.00");
    let request = Request::builder()
        .uri(format!("{PATH}/cloudpayments/pay?{query}"))
        .header("content-hmac", signature(&query, KEY))
        .body(String::new());
    assert_acknowledged(&world.send(request.unwrap()).await, "application/json", r#"{"code":0}"#);
    assert_paid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_about_what_must_not_be_paid_is_answered_with_no() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "cloudpayments").await;
    let unknown = "01948f6e-0000-7000-8000-000000000000";
    let cases = [
        (message(&payment, "Completed", "5.00"), r#"{"code":12}"#),
        (message(&payment, "Completed", "500.00").replace("RUB", "USD"), r#"{"code":12}"#),
        (message(unknown, "Completed", "500.00"), r#"{"code":10}"#),
        (message(&payment, "Completed", "500.00").replace("TestMode=0", "TestMode=1"), r#"{"code":13}"#),
    ];
    for (question, answer) in cases {
        assert_acknowledged(&tell(&world, "check", question.clone()).await, "application/json", answer);
        let paid = tell(&world, "pay", question).await;
        assert_acknowledged(&paid, "application/json", r#"{"code":0}"#);
    }
    assert_unpaid(&world, &user, &payment).await;
    world.clock.advance(3600);
    let late = tell(&world, "check", message(&payment, "Completed", "500.00")).await;
    assert_acknowledged(&late, "application/json", r#"{"code":20}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_with_another_signature_is_refused() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "cloudpayments").await;
    let paid = message(&payment, "Completed", "500.00");
    assert_forged(&world.send(signed("pay", paid.clone(), "wrong")).await);
    let mut other = signed("pay", paid.clone(), KEY);
    *other.body_mut() = paid.replace("500.00", "500.01");
    assert_forged(&world.send(other).await);
    assert_unpaid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_attempt_is_followed_by_a_paid_one_and_refunds_add_up() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "cloudpayments").await;
    tell(&world, "fail", message(&payment, "Declined", "500.00").replace("897728064", "1")).await;
    assert_unpaid(&world, &user, &payment).await;
    tell(&world, "pay", message(&payment, "Completed", "500.00")).await;
    assert_paid(&world, &user, &payment).await;
    let refund = |id: &str, amount: &str| {
        format!(
            "TransactionId={id}&PaymentTransactionId=897728064&Amount={amount}&OperationType=Refund&InvoiceId={payment}"
        )
    };
    for (id, amount, left) in [("2", "200.00", 3000), ("2", "200.00", 3000), ("3", "300.00", 0)] {
        let reply = tell(&world, "refund", refund(id, amount)).await;
        assert_acknowledged(&reply, "application/json", r#"{"code":0}"#);
        assert_eq!(world.balance(&user).await, AFTER - 5000 + left);
    }
    assert_eq!(world.balance(&user).await, BEFORE);
}
