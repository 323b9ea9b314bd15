//! `POST /api/v1/payments/webhook/yookassa`

use futures_util::future::join_all;
use serde_json::json;

use crate::aggregator::payments::site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_often_or_at_once_is_credited_once() {
    let site = site().await;
    let made = site.pay(json!(100)).await;
    site.at_provider(&made["confirmationUrl"], "pay-twice").await;
    join_all((0..8).map(|_| site.at_provider(&made["confirmationUrl"], "repeat"))).await;
    assert_eq!(site.has().await, "1");
    // A reconciliation asks about it too.
    site.clock.advance(6 * 60);
    site.run_schedule("reconciliation-cron").await.expect("reconciliation");
    assert_eq!(site.has().await, "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_takes_back_what_is_there() {
    let site = site().await;
    let made = site.pay(json!(1000)).await;
    site.at_provider(&made["confirmationUrl"], "pay").await;
    site.at_provider(&made["confirmationUrl"], "refund-part").await;
    assert_eq!(site.has().await, "5");
    let payment = site.payment(&made).await;
    assert_eq!((&payment["status"], &payment["refunded"]), (&json!("succeeded"), &json!("500.00")));
    site.at_provider(&made["confirmationUrl"], "refund").await;
    assert_eq!(site.has().await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_notice_moves_nothing() {
    let site = site().await;
    let made = site.pay(json!(100)).await;
    let payment = site.payment(&made).await;
    // The address is a trusted one, but the provider knows better: nothing is paid.
    let object = json!({ "id": payment["yookassaId"], "status": "succeeded", "paid": true, "amount": { "value": "100.00", "currency": "RUB" },
        "metadata": { "payment_id": made["id"] } });
    let notice = json!({ "type": "notification", "event": "payment.succeeded", "object": object });
    assert_eq!(site.tell(&notice).await.0, 200, "a real object, of which nothing has happened");
    let mut unknown = notice.clone();
    unknown["object"]["id"] = "2d000000-000f-5000-8000-000000000000".into();
    let (status, answer) = site.tell(&unknown).await;
    assert_eq!((status, &answer["code"]), (401, &json!("invalid_signature")), "{answer}");
    assert_eq!(site.tell(&json!({ "type": "notification" })).await.0, 400);
    assert_eq!(site.has().await, "0");
    assert_eq!(site.payment(&made).await["status"], "pending");
}
