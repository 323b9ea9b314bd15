//! T-Bank: SHA-256 of all root values and the password.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::{KEY, TERMINAL, begin, status, world};
use super::{AFTER, BEFORE, JSON, assert_acknowledged, assert_forged, assert_paid, assert_unpaid, call, hex};
use crate::world::World;

fn signed(mut notice: Value, password: &str) -> Value {
    let mut values: BTreeMap<String, String> = BTreeMap::from([("Password".to_owned(), password.to_owned())]);
    for (name, value) in notice.as_object().unwrap() {
        match value {
            Value::String(text) => drop(values.insert(name.clone(), text.clone())),
            Value::Bool(_) | Value::Number(_) => drop(values.insert(name.clone(), value.to_string())),
            _ => {}
        }
    }
    let digest = Sha256::digest(values.into_values().collect::<String>());
    notice["Token"] = json!(hex(&digest));
    notice
}

fn unsigned(payment: &str, status: &str) -> Value {
    json!({
        "TerminalKey": TERMINAL, "OrderId": payment, "Success": true, "Status": status, "PaymentId": 13_660,
        "ErrorCode": "0", "Amount": 50_000, "CardId": 322_264, "Pan": "430000******0777", "ExpDate": "1230",
        "Data": { "nested": "is not signed" }
    })
}

pub(crate) fn notice(payment: &str, status: &str) -> Value {
    signed(unsigned(payment, status), KEY)
}

/// Tells that a payment of 500 roubles is paid.
pub(crate) async fn pay(world: &World, payment: &str) {
    tell(world, &notice(payment, "CONFIRMED")).await;
}

async fn tell(world: &World, notice: &Value) {
    assert_acknowledged(&world.send(call("tbank", JSON, notice.to_string())).await, "text/plain", "OK");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorized_and_confirmed_in_any_order_credit_once() {
    for order in [["AUTHORIZED", "CONFIRMED"], ["CONFIRMED", "AUTHORIZED"]] {
        let (world, _bank) = world().await;
        let user = world.register("user@example.com").await;
        let payment = begin(&world, &user, "tbank").await;
        for state in order.into_iter().chain(order) {
            tell(&world, &notice(&payment, state)).await;
        }
        assert_paid(&world, &user, &payment).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_was_tampered_with_is_refused() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "tbank").await;
    let honest = notice(&payment, "REJECTED");
    let mut promoted = honest.clone();
    promoted["Status"] = json!("CONFIRMED");
    let mut elsewhere = unsigned(&payment, "CONFIRMED");
    elsewhere["TerminalKey"] = json!("another");
    let others = [signed(unsigned(&payment, "CONFIRMED"), "wrong"), promoted, signed(elsewhere, KEY)];
    for forged in others {
        assert_forged(&world.send(call("tbank", JSON, forged.to_string())).await);
    }
    assert_unpaid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_amount_is_acknowledged_and_credits_nothing() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "tbank").await;
    let mut cheap = unsigned(&payment, "CONFIRMED");
    cheap["Amount"] = json!(100);
    tell(&world, &signed(cheap, KEY)).await;
    assert_unpaid(&world, &user, &payment).await;
    tell(&world, &notice("01948f6e-0000-7000-8000-000000000000", "CONFIRMED")).await;
    assert_eq!(world.balance(&user).await, BEFORE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_takes_the_raits_back() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let payment = begin(&world, &user, "tbank").await;
    pay(&world, &payment).await;
    assert_eq!(world.balance(&user).await, AFTER);
    for _ in 0..2 {
        tell(&world, &notice(&payment, "REFUNDED")).await;
    }
    assert_eq!(world.balance(&user).await, BEFORE);
    assert_eq!(status(&world, &user, &payment).await["status"], "completed");
}
