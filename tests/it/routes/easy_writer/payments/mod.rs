//! `/api/v1/payments`

mod bank;
mod create_payment;
mod list_methods;
pub(crate) mod receive_notice;
mod show_status;

use serde_json::{Value, json};

pub(crate) use bank::Bank;

use crate::world::{Reply, Session, World};

pub(crate) const PROVIDERS: [&str; 4] = ["yookassa", "robokassa", "cloudpayments", "tbank"];

/// What the provider's modules are told at start.
pub(crate) const KEY: &str = "payments-secret";
pub(crate) const ROBOKASSA_PASSWORDS: [&str; 2] = ["first-password", "second-password"];
pub(crate) const TERMINAL: &str = "1700000000000";

/// What sets all providers up, with their calls going to the bank.
pub(crate) fn settings(bank: &Bank) -> Vec<(String, String)> {
    let url = |provider: &str| format!("{}/{provider}", bank.url);
    let settings = [
        ("YOOKASSA_SHOP_ID", "100500".to_owned()),
        ("YOOKASSA_SECRET_KEY", KEY.to_owned()),
        ("YOOKASSA_BASE_URL", url("yookassa")),
        ("ROBOKASSA_LOGIN", "shop".to_owned()),
        ("ROBOKASSA_PASSWORD1", ROBOKASSA_PASSWORDS[0].to_owned()),
        ("ROBOKASSA_PASSWORD2", ROBOKASSA_PASSWORDS[1].to_owned()),
        ("ROBOKASSA_SERVICE_URL", url("robokassa")),
        ("CLOUDPAYMENTS_PUBLIC_ID", "pk_shop".to_owned()),
        ("CLOUDPAYMENTS_API_SECRET", KEY.to_owned()),
        ("CLOUDPAYMENTS_BASE_URL", url("cloudpayments")),
        ("TBANK_TERMINAL_KEY", TERMINAL.to_owned()),
        ("TBANK_PASSWORD", KEY.to_owned()),
        ("TBANK_BASE_URL", url("tbank")),
    ];
    settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A world with all providers, which are played by the bank.
pub(crate) async fn world() -> (World, Bank) {
    let bank = Bank::open().await;
    (world_with(&bank, &[]).await, bank)
}

/// The same, with other variables.
pub(crate) async fn world_with(bank: &Bank, variables: &[(&str, &str)]) -> World {
    let mut world = World::start().await;
    world.restart(|vars| {
        vars.extend(settings(bank));
        vars.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    });
    world
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
