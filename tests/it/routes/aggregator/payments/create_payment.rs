//! `POST /api/v1/payments`

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::aggregator::payments::site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_in_roubles_is_credited_in_dollars_at_the_rate_that_it_keeps() {
    let site = site().await;
    let body = json!({ "amount": 1000.00, "currency": "RUB", "description": "Пополнение баланса" });
    let made = site.create("/api/v1/payments", body).await;
    assert_eq!(
        made,
        json!({ "id": made["id"], "status": "pending", "confirmationUrl": made["confirmationUrl"], "amount": "1000.00", "currency": "RUB" })
    );
    let pending = site.payment(&made).await;
    assert_eq!((&pending["status"], &pending["paidAt"]), (&json!("pending"), &Value::Null));
    assert_eq!(pending["confirmationUrl"], made["confirmationUrl"], "whoever lost the page finds it here");
    assert_eq!(site.has().await, "0");

    site.at_provider(&made["confirmationUrl"], "pay").await;
    let paid = site.payment(&made).await;
    for (field, wanted) in [
        ("id", &made["id"]),
        ("status", &json!("succeeded")),
        ("amount", &json!("1000.00")),
        ("currency", &json!("RUB")),
        ("creditUsd", &json!(10)),
        ("exchangeRate", &json!("100.0000")),
    ] {
        assert_eq!(&paid[field], wanted, "{field}");
    }
    assert!(paid["yookassaId"].is_string() && paid["paidAt"].is_string() && paid["createdAt"].is_string(), "{paid}");
    assert!(paid.get("confirmationUrl").is_none(), "it is paid");
    assert_eq!(site.has().await, "10");

    let credits = site.get("/api/v1/billing/transactions?type=CREDIT").await;
    let credit = &credits["data"][0];
    assert_eq!((&credit["id"], &credit["amount"], &credit["type"]), (&made["id"], &json!(10), &json!("CREDIT")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_with_its_key_makes_no_other_payment() {
    let site = site().await;
    let send = async |amount: u32| site.once("/api/v1/payments", &site.token, "k", &json!({ "amount": amount })).await;
    let answers = join_all(vec![send(500), send(500), send(500)]).await;
    let first = send(500).await;
    assert_eq!(first.0, 201);
    for (status, answer) in answers {
        // Of requests at the same time one may be asked to try again.
        assert!((status, &answer["id"]) == (201, &first.1["id"]) || status == 409, "{status} {answer}");
    }
    assert_eq!(send(501).await.0, 409);
    assert_eq!(site.get("/api/v1/payments").await["pagination"]["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_not_do_is_refused_with_the_field() {
    let site = site().await;
    for amount in [json!(99.99), json!(300_000.01), json!(100.001), json!(-100), json!("x"), json!(1e20), Value::Null] {
        site.refused("/api/v1/payments", json!({ "amount": amount }), "amount").await;
    }
    site.refused("/api/v1/payments", json!({ "amount": 100, "currency": "USD" }), "currency").await;
    site.refused("/api/v1/payments", json!({ "amount": 100, "description": "д".repeat(101) }), "description").await;
    site.refused("/api/v1/billing/deposit", json!({ "amount": 50, "currency": "EUR" }), "currency").await;
    site.refused("/api/v1/billing/deposit", json!({ "amount": 50, "paymentMethod": "cash" }), "paymentMethod").await;
    site.refused("/api/v1/billing/deposit", json!({ "amount": 3000.01 }), "amount").await;
    assert_eq!(site.get("/api/v1/payments").await["pagination"]["total"], 0);
}
