//! `/api/v1/payments`

mod bank;
mod create_payment;
mod list_methods;
pub(crate) mod receive_notice;
mod show_status;

use serde_json::{Value, json};

pub(crate) use bank::Bank;

use crate::easy_writer::Session;
use crate::world::{Reply, World};

pub(crate) const PROVIDERS: [&str; 4] = ["yookassa", "robokassa", "cloudpayments", "tbank"];

/// What the provider's modules are told at start.
pub(crate) const KEY: &str = "payments-secret";
pub(crate) const ROBOKASSA_PASSWORDS: [&str; 2] = ["first-password", "second-password"];
pub(crate) const TERMINAL: &str = "1700000000000";

/// What sets all providers up, with their calls going to the bank.
fn providers(bank: &Bank) -> [(&'static str, String); 13] {
    let url = |provider: &str| format!("{}/{provider}", bank.url);
    [
        ("EasyWriterYooKassaShopId", "100500".to_owned()),
        ("EasyWriterYooKassaSecretKey", KEY.to_owned()),
        ("EasyWriterYooKassaBaseUrl", url("yookassa")),
        ("EasyWriterRobokassaLogin", "shop".to_owned()),
        ("EasyWriterRobokassaPassword1", ROBOKASSA_PASSWORDS[0].to_owned()),
        ("EasyWriterRobokassaPassword2", ROBOKASSA_PASSWORDS[1].to_owned()),
        ("EasyWriterRobokassaServiceUrl", url("robokassa")),
        ("EasyWriterCloudPaymentsPublicId", "pk_shop".to_owned()),
        ("EasyWriterCloudPaymentsApiSecret", KEY.to_owned()),
        ("EasyWriterCloudPaymentsBaseUrl", url("cloudpayments")),
        ("EasyWriterTBankTerminalKey", TERMINAL.to_owned()),
        ("EasyWriterTBankPassword", KEY.to_owned()),
        ("EasyWriterTBankBaseUrl", url("tbank")),
    ]
}

/// A world with all providers, which are played by the bank.
pub(crate) async fn world() -> (World, Bank) {
    let bank = Bank::open().await;
    (world_with(&bank, &[]).await, bank)
}

/// The same, with other parameters.
pub(crate) async fn world_with(bank: &Bank, parameters: &[(&str, &str)]) -> World {
    let providers = providers(bank);
    let providers = providers.iter().map(|(name, value)| (*name, value.as_str()));
    World::easy_writer_with(&providers.chain(parameters.iter().copied()).collect::<Vec<_>>()).await
}

pub(crate) async fn create(world: &World, user: &Session, provider: &str) -> Reply {
    let body = json!({ "amount_rub": 500, "provider": provider });
    world.post("/api/v1/payments/create", Some(&user.token), &body).await
}

/// Begins a payment of 500 roubles and returns its id.
pub(crate) async fn begin(world: &World, user: &Session, provider: &str) -> String {
    let reply = create(world, user, provider).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.data()["payment_id"].as_str().unwrap().to_owned()
}

pub(crate) async fn status(world: &World, user: &Session, payment: &str) -> Value {
    let reply = world.get(&format!("/api/v1/payments/{payment}/status"), &user.token).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.data().clone()
}
