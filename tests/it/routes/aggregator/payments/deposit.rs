//! `POST /api/v1/billing/deposit`

use serde_json::json;

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_in_dollars_is_paid_in_roubles() {
    let site = Site::with("0", &[("AggregatorRoublesPerDollar", "92.5058")]).await;
    let body = json!({ "amount": 50.00, "currency": "USD", "paymentMethod": "card" });
    let made = site.create("/api/v1/billing/deposit", body).await;
    let wanted = json!({
        "transactionId": made["transactionId"], "amount": 50, "currency": "USD", "status": "pending",
        "paymentUrl": made["paymentUrl"], "amountRub": "4625.29", "exchangeRate": "92.5058",
    });
    assert_eq!(made, wanted);
    site.at_provider(&made["paymentUrl"], "pay").await;
    assert_eq!(site.has().await, "50", "to the cent, whatever the rate");
    let made = site.create("/api/v1/billing/deposit", json!({ "amount": "250.50", "currency": "RUB" })).await;
    assert_eq!((&made["amount"], &made["currency"]), (&json!(250.50), &json!("RUB")));
}
