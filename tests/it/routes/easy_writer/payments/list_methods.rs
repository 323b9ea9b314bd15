//! `GET /api/v1/payments/methods`

use serde_json::json;

use super::{Bank, world, world_with};

const PATH: &str = "/api/v1/payments/methods";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_lists_what_the_contract_shows() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let view = json!({
        "methods": [
            { "id": "yookassa", "name": "ЮKassa", "icon": "yookassa.svg" },
            { "id": "robokassa", "name": "Robokassa", "icon": "robokassa.svg" },
            { "id": "cloudpayments", "name": "CloudPayments", "icon": "cloudpayments.svg" },
            { "id": "tbank", "name": "Т-Банк", "icon": "tbank.svg" }
        ],
        "exchange_rate": 10,
        "min_amount_rub": 100
    });
    world.assert_answer(&world.get(PATH, &user.token).await, 200, &view);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_without_a_key_is_not_offered() {
    let empty = ["EasyWriterYooKassaSecretKey", "EasyWriterRobokassaPassword1", "EasyWriterCloudPaymentsApiSecret"]
        .map(|name| (name, ""));
    let world = world_with(&Bank::open().await, &empty).await;
    let user = world.register("user@example.com").await;
    let methods = world.get(PATH, &user.token).await.data()["methods"].clone();
    assert_eq!(methods, json!([{ "id": "tbank", "name": "Т-Банк", "icon": "tbank.svg" }]));
}
