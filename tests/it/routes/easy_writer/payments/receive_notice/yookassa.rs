//! ЮKassa: no signature, but known addresses, and the object is read again.

use http::Request;
use serde_json::{Value, json};

use super::super::bank::yookassa_id;
use super::super::{begin, world};
use super::{AFTER, BEFORE, JSON, assert_acknowledged, assert_forged, assert_paid, assert_unpaid, call};

const ADDRESS: &str = "185.71.76.1";

fn from(address: &str, notice: &Value) -> Request<String> {
    let mut request = call("yookassa", JSON, notice.to_string());
    request.headers_mut().insert("test-source-ip", address.parse().unwrap());
    request
}

fn notice(event: &str, id: &str) -> Value {
    json!({ "type": "notification", "event": event, "object": { "id": id, "status": "succeeded", "amount": { "value": "1.00", "currency": "RUB" } } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_provider_says_when_asked_counts_and_not_the_notice() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "yookassa").await;
    let id = yookassa_id(&payment);
    let paid = notice("payment.succeeded", &id);
    assert_acknowledged(&world.send(from(ADDRESS, &paid)).await, "text/plain", "");
    assert_unpaid(&world, &user, &payment).await;
    bank.change(&id, &json!({ "status": "succeeded" }));
    for address in [ADDRESS, "77.75.156.35", "2a02:5180:0:1509::1"] {
        assert_acknowledged(&world.send(from(address, &paid)).await, "text/plain", "");
    }
    assert_paid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_known_addresses_are_believed_and_no_header_says_which() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "yookassa").await;
    bank.change(&yookassa_id(&payment), &json!({ "status": "succeeded" }));
    let calls = bank.calls();
    let paid = notice("payment.succeeded", &yookassa_id(&payment));
    for address in ["185.71.76.32", "203.0.113.7", "2a02:5180:0:1510::1", "127.0.0.1"] {
        let mut request = from(address, &paid);
        for header in ["x-forwarded-for", "x-real-ip", "forwarded", "x-viewer-address"] {
            request.headers_mut().insert(header, format!("{ADDRESS}:443").parse().unwrap());
        }
        assert_forged(&world.send(request).await);
    }
    assert_eq!(bank.calls(), calls, "nobody is asked");
    assert_unpaid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_cloudfront_the_viewer_is_believed_only_with_its_secret() {
    let (world, bank) = world().await;
    let (secret, _) = world.variable("ORIGIN_SECRET").split_once(',').unwrap();
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "yookassa").await;
    bank.change(&yookassa_id(&payment), &json!({ "status": "succeeded" }));
    let paid = notice("payment.succeeded", &yookassa_id(&payment));
    for other in [None, Some("wrong")] {
        let mut request = from("130.176.0.1", &paid);
        request.headers_mut().insert("x-viewer-address", ADDRESS.parse().unwrap());
        if let Some(other) = other {
            request.headers_mut().insert("x-origin-verify", other.parse().unwrap());
        }
        assert_forged(&world.send(request).await);
    }
    let mut request = from("130.176.0.1", &paid);
    request.headers_mut().insert("x-viewer-address", ADDRESS.parse().unwrap());
    request.headers_mut().insert("x-origin-verify", secret.parse().unwrap());
    assert_eq!(world.send(request).await.status, 200);
    assert_paid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_amount_currency_or_test_money_credits_nothing() {
    let wrong = [
        json!({ "amount": { "value": "5.00", "currency": "RUB" } }),
        json!({ "amount": { "value": "500.00", "currency": "USD" } }),
        json!({ "test": true }),
    ];
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    for fields in wrong {
        let payment = begin(&world, &user, "yookassa").await;
        let id = yookassa_id(&payment);
        bank.change(&id, &fields);
        bank.change(&id, &json!({ "status": "succeeded" }));
        assert_eq!(world.send(from(ADDRESS, &notice("payment.succeeded", &id))).await.status, 200);
        assert_unpaid(&world, &user, &payment).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_cannot_be_checked_is_to_be_repeated() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "yookassa").await;
    bank.change(&yookassa_id(&payment), &json!({ "status": "succeeded" }));
    let paid = notice("payment.succeeded", &yookassa_id(&payment));
    bank.breaks(Some(500));
    let reply = world.send(from(ADDRESS, &paid)).await;
    assert_eq!(reply.failure(), (503, "PROVIDER_UNAVAILABLE"));
    bank.breaks(None);
    assert_eq!(world.send(from(ADDRESS, &paid)).await.status, 200);
    assert_paid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_takes_its_share_of_the_raits_back_once() {
    let (world, bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "yookassa").await;
    let id = yookassa_id(&payment);
    bank.change(&id, &json!({ "status": "succeeded" }));
    world.send(from(ADDRESS, &notice("payment.succeeded", &id))).await;
    assert_eq!(world.balance(&user).await, AFTER);
    let refund = "3f00b700-000f-5001-8000-18db351245c7";
    let amount = json!({ "value": "500.00", "currency": "RUB" });
    bank.change(refund, &json!({ "payment_id": id, "status": "succeeded", "amount": amount }));
    for _ in 0..2 {
        assert_eq!(world.send(from(ADDRESS, &notice("refund.succeeded", refund))).await.status, 200);
    }
    assert_eq!(world.balance(&user).await, BEFORE);
}
