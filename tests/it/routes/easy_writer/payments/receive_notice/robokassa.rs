//! Robokassa: a hash of amount, number and the second password, over the text as it was received.

use http::Request;
use md5::{Digest as _, Md5};
use serde_json::json;

use super::super::{ROBOKASSA_PASSWORDS, create, world};
use super::{FORM, PATH, assert_acknowledged, assert_forged, assert_paid, assert_unpaid, call, hex};
use crate::easy_writer::Session;
use crate::world::World;

/// A payment and its number with Robokassa.
pub(crate) async fn begin(world: &World, user: &Session) -> (String, String) {
    let reply = create(world, user, "robokassa").await;
    let data = reply.data();
    let url = data["payment_url"].as_str().unwrap();
    let number = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("InvId=")).unwrap();
    (data["payment_id"].as_str().unwrap().to_owned(), number.to_owned())
}

/// What is sent when it is paid.
pub(crate) fn paid(payment: &str, number: &str) -> Request<String> {
    call("robokassa", FORM, message(payment, number, "500.000000", ROBOKASSA_PASSWORDS[1]))
}

fn message(payment: &str, number: &str, sum: &str, password: &str) -> String {
    let text = format!("{sum}:{number}:{password}:Shp_payment={payment}");
    // Letter case does not matter; the vendor's own plugins send capitals.
    let hash = hex(&Md5::digest(text)).to_uppercase();
    format!("OutSum={sum}&InvId={number}&Fee=15.00&PaymentMethod=BankCard&SignatureValue={hash}&Shp_payment={payment}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_payment_is_credited_once_by_either_method() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let (payment, number) = begin(&world, &user).await;
    let message = message(&payment, &number, "500.000000", ROBOKASSA_PASSWORDS[1]);
    for _ in 0..2 {
        let posted = world.send(paid(&payment, &number)).await;
        assert_acknowledged(&posted, "text/plain", &format!("OK{number}"));
        let get = Request::builder().uri(format!("{PATH}/robokassa?{message}")).body(String::new()).unwrap();
        assert_acknowledged(&world.send(get).await, "text/plain", &format!("OK{number}"));
    }
    assert_paid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_not_signed_with_the_second_password_is_refused() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let (payment, number) = begin(&world, &user).await;
    for password in [ROBOKASSA_PASSWORDS[0], "", "wrong"] {
        let forged = message(&payment, &number, "500.00", password);
        assert_forged(&world.send(call("robokassa", FORM, forged)).await);
    }
    let reformatted = message(&payment, &number, "500.000000", ROBOKASSA_PASSWORDS[1]).replace("500.000000", "500.00");
    assert_forged(&world.send(call("robokassa", FORM, reformatted)).await);
    assert_unpaid(&world, &user, &payment).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_amount_number_or_test_flag_credits_nothing() {
    let (world, _bank) = world().await;
    let user = world.register("user@example.com").await;
    let (payment, number) = begin(&world, &user).await;
    let second = ROBOKASSA_PASSWORDS[1];
    let wrong = [
        message(&payment, &number, "5.00", second),
        message(&payment, "77", "500.00", second),
        format!("{}&IsTest=1", message(&payment, &number, "500.00", second)),
    ];
    for message in wrong {
        let reply = world.send(call("robokassa", FORM, message)).await;
        assert!(matches!(reply.status, 200 | 401), "{}", reply.text);
        assert_unpaid(&world, &user, &payment).await;
    }
    let right = message(&payment, &number, "500.00", second);
    assert_eq!(world.send(call("robokassa", FORM, right)).await.status, 200);
    assert_paid(&world, &user, &payment).await;
    let listed = world.get("/api/v1/user/transactions", &user.token).await;
    assert_eq!(listed.data()["transactions"][0]["description"], json!("Пополнение"));
}
