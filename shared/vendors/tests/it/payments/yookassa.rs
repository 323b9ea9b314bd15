//! ЮKassa's protocol.

use std::time::Duration;

use domain::payments::provider::{
    Notification, NotificationError, Opened, PaymentEvent, PaymentProvider as _, PaymentProviderError, PaymentUpdate,
    Refunded, Verdict,
};
use serde_json::json;
use vendors::payments::{YooKassa, YooKassaSettings};

use super::{
    Call, PAYMENT, assert_forged, assert_malformed, known, order, payment, receipt, rejected, report, yookassa,
    yookassa_settings,
};
use crate::fixtures::{KEY, TestClock, patient};
use crate::server::{Answer, Request, Server};

/// The provider's id of the payment.
const ID: &str = "22e12f66-000f-5000-8000-18db351245c7";
const REFUND: &str = "216749f7-0016-50be-b000-078d43a63ae4";

fn object(status: &str) -> String {
    json!({
        "id": ID, "status": status, "paid": status == "succeeded", "amount": { "value": "990.00", "currency": "RUB" },
        "confirmation": { "type": "redirect", "confirmation_url": "https://yoomoney.ru/checkout/payments/v2/contract?orderId=1" },
        "metadata": { "payment_id": PAYMENT }, "created_at": "2026-01-21T11:49:36.000Z", "refundable": false, "test": false,
    })
    .to_string()
}

fn refund(status: &str) -> String {
    json!({
        "id": REFUND, "payment_id": ID, "status": status, "created_at": "2026-01-22T11:49:36.000Z",
        "amount": { "value": "100.50", "currency": "RUB" },
    })
    .to_string()
}

fn notice(event: &str, id: &str) -> String {
    // What a notice says besides the id is not believed.
    json!({ "type": "notification", "event": event, "object": { "id": id, "status": "succeeded", "amount": { "value": "1.00" } } }).to_string()
}

async fn read(yookassa: &YooKassa, body: &str) -> Result<Notification, NotificationError> {
    let source = "185.71.76.1".parse().ok();
    Call { content_type: "application/json", body: body.as_bytes(), source, ..Call::default() }.read_by(yookassa).await
}

/// A shop that has the payment and its refund in these states.
async fn shop(payment: &'static str, refunded: &'static str) -> Server {
    Server::start(move |request: &Request, _| match request.path.strip_prefix("/v3/") {
        Some(path) if path == format!("payments/{ID}") => Answer::ok(object(payment)),
        Some(path) if path == format!("refunds/{REFUND}") => Answer::ok(refund(refunded)),
        _ => Answer::status(404, r#"{"type":"error","code":"not_found"}"#),
    })
    .await
}

#[tokio::test]
async fn an_order_becomes_a_payment_with_our_id_as_its_key() {
    let server = Server::start(|_, _| Answer::ok(object("pending"))).await;
    let opened = yookassa(&server.url(), patient()).open(&order()).await.unwrap();
    let url = "https://yoomoney.ru/checkout/payments/v2/contract?orderId=1".to_owned();
    assert_eq!(opened, Opened { url, provider_payment: Some(ID.to_owned()) });
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/v3/payments"));
    assert_eq!(post.header("idempotence-key"), Some(PAYMENT));
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!(
        post.json(),
        json!({
            "amount": { "value": "990.00", "currency": "RUB" },
            "capture": true,
            "confirmation": { "type": "redirect", "return_url": format!("https://app.example.com/pay?id={PAYMENT}&x=1") },
            "description": "Пополнение: 9900 \"райтов\"",
            "metadata": { "payment_id": PAYMENT },
        })
    );
}

#[tokio::test]
async fn requests_are_proved_by_shop_and_key() {
    let server = Server::start(|_, _| Answer::ok(object("pending"))).await;
    let key = vendors::Secret::new("test_AbCdEf");
    let settings = YooKassaSettings { secret_key: key, ..yookassa_settings(&server.url(), patient()) };
    let yookassa = YooKassa::new(settings, TestClock::new());
    yookassa.open(&order()).await.unwrap();
    yookassa.look_up(&known(Some(ID))).await.unwrap();
    let proofs: Vec<_> =
        server.seen().iter().map(|request| request.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(proofs, ["Basic MTIzNDU2OnRlc3RfQWJDZEVm"; 2]);
}

#[tokio::test]
async fn a_receipt_goes_with_the_order_if_there_is_somebody_to_send_it_to() {
    let server = Server::start(|_, _| Answer::ok(object("pending"))).await;
    let settings = YooKassaSettings { receipt: Some(receipt()), ..yookassa_settings(&server.url(), patient()) };
    let yookassa = YooKassa::new(settings, TestClock::new());
    yookassa.open(&order()).await.unwrap();
    yookassa.open(&domain::payments::provider::Order { email: None, ..order() }).await.unwrap();
    let bodies: Vec<_> = server.seen().iter().map(Request::json).collect();
    assert_eq!(
        bodies[0]["receipt"],
        json!({
            "customer": { "email": "user+1@example.com" },
            "items": [{
                "description": "Пополнение: 9900 \"райтов\"", "quantity": "1.00",
                "amount": { "value": "990.00", "currency": "RUB" },
                "vat_code": 7, "payment_mode": "full_prepayment", "payment_subject": "service",
            }],
            "tax_system_code": 2,
        })
    );
    assert_eq!(bodies[1].get("receipt"), None);
}

#[tokio::test]
async fn an_order_that_is_being_processed_is_repeated_as_it_was() {
    let at_once = |url: &str| {
        let settings = YooKassaSettings { repeat_after: Duration::ZERO, ..yookassa_settings(url, patient()) };
        YooKassa::new(settings, TestClock::new())
    };
    let processing = || Answer::status(202, r#"{"type":"processing","retry_after":1800}"#);
    let server =
        Server::start(move |_, earlier| if earlier < 3 { processing() } else { Answer::ok(object("pending")) }).await;
    at_once(&server.url()).open(&order()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    for request in &seen {
        assert_eq!((request.header("idempotence-key"), &request.body), (Some(PAYMENT), &seen[0].body));
    }
    let server = Server::start(move |_, _| processing()).await;
    let opened = at_once(&server.url()).open(&order()).await;
    assert!(matches!(opened, Err(PaymentProviderError::Broken(_))), "{opened:?}");
    assert_eq!(server.seen().len(), 4, "three repeats");
}

#[tokio::test]
async fn a_payment_without_a_page_is_no_opened_order() {
    let without =
        json!({ "id": ID, "status": "succeeded", "amount": { "value": "990.00", "currency": "RUB" }, "test": false });
    let mut elsewhere = without.clone();
    elsewhere["confirmation"] = json!({ "confirmation_url": "javascript:alert(1)" });
    for answer in [without, elsewhere] {
        let server = Server::start(move |_, _| Answer::ok(answer.to_string())).await;
        let opened = yookassa(&server.url(), patient()).open(&order()).await;
        assert!(matches!(opened, Err(PaymentProviderError::Broken(_))), "{opened:?}");
    }
}

#[tokio::test]
async fn the_providers_complaint_is_told_without_the_key() {
    let complaint = format!(
        r#"{{"type":"error","id":"x","code":"invalid_credentials","description":"Wrong key {KEY} of user+1@example.com","parameter":"Authorization"}}"#
    );
    let server = Server::start(move |_, _| Answer::status(401, &complaint)).await;
    let said = rejected(yookassa(&server.url(), patient()).open(&order()).await);
    assert_eq!(said, "401 error invalid_credentials: Wrong key *** of ***");
}

#[tokio::test]
async fn what_happened_is_read_from_the_api_and_not_from_the_notice() {
    let events = [
        ("waiting_for_capture", PaymentEvent::Authorized),
        ("succeeded", PaymentEvent::Paid),
        ("canceled", PaymentEvent::Canceled),
    ];
    for (status, event) in events {
        // The event in the notice only says which kind of object it is about.
        for told in ["payment.succeeded", "payment.canceled", "payment.waiting_for_capture"] {
            let server = shop(status, "succeeded").await;
            let read = read(&yookassa(&server.url(), patient()), &notice(told, ID)).await.unwrap();
            assert_eq!(read, Notification::Update(report(ID, event.clone())), "{told}");
            let seen = server.seen();
            let [get] = seen.as_slice() else { panic!("{seen:?}") };
            assert_eq!((get.method.as_str(), get.path.as_str()), ("GET", format!("/v3/payments/{ID}").as_str()));
            assert!(get.body.is_empty() && get.header("idempotence-key").is_none());
        }
    }
    let server = shop("pending", "succeeded").await;
    let read = read(&yookassa(&server.url(), patient()), &notice("payment.succeeded", ID)).await.unwrap();
    assert_eq!(read, Notification::Irrelevant, "nothing has happened yet");
}

#[tokio::test]
async fn a_refund_is_read_with_its_payment() {
    let server = shop("succeeded", "succeeded").await;
    let told = read(&yookassa(&server.url(), patient()), &notice("refund.succeeded", REFUND)).await.unwrap();
    let wanted = PaymentUpdate {
        amount: domain::kernel::Amount::new(10_050),
        ..report(ID, PaymentEvent::Refunded(Refunded::One { id: REFUND.to_owned() }))
    };
    assert_eq!(told, Notification::Update(wanted));
    let paths: Vec<_> = server.seen().iter().map(|request| request.path.clone()).collect();
    assert_eq!(paths, [format!("/v3/refunds/{REFUND}"), format!("/v3/payments/{ID}")]);
    for status in ["pending", "canceled"] {
        let server = shop("succeeded", status).await;
        let told = read(&yookassa(&server.url(), patient()), &notice("refund.succeeded", REFUND)).await.unwrap();
        assert_eq!(told, Notification::Irrelevant, "{status}");
    }
}

#[tokio::test]
async fn a_notice_from_elsewhere_is_forged_and_nothing_is_asked() {
    let server = shop("succeeded", "succeeded").await;
    let yookassa = yookassa(&server.url(), patient());
    for source in [None, Some("127.0.0.1"), Some("185.71.76.32"), Some("2a02:5180:0:1510::1")] {
        let body = notice("payment.succeeded", ID);
        let source = source.map(|source| source.parse().unwrap());
        let call = Call { body: body.as_bytes(), source, ..Call::default() };
        assert_forged(call.read_by(&yookassa).await, &format!("{source:?}"));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_notice_about_an_object_that_the_shop_does_not_have_is_forged() {
    let server = Server::start(|_, _| Answer::status(404, r#"{"type":"error","code":"not_found"}"#)).await;
    let yookassa = yookassa(&server.url(), patient());
    assert_forged(read(&yookassa, &notice("payment.succeeded", ID)).await, "payment");
    assert_forged(read(&yookassa, &notice("refund.succeeded", REFUND)).await, "refund");
    assert_eq!(yookassa.look_up(&known(Some(ID))).await.unwrap(), []);
}

#[tokio::test]
async fn a_notice_that_cannot_be_checked_now_is_to_be_repeated() {
    for answer in [
        Answer::status(500, ""),
        Answer::status(401, ""),
        Answer::ok("{"),
        Answer::ok(object("succeeded").replace("990.00", "a lot")),
    ] {
        let server = Server::start(move |_, _| answer.clone()).await;
        let read = read(&yookassa(&server.url(), patient()), &notice("payment.succeeded", ID)).await;
        assert!(matches!(read, Err(NotificationError::Unchecked(_))), "{read:?}");
    }
    let other = object("succeeded").replace(ID, "22e12f66-000f-5000-8000-18db351245c8");
    let server = Server::start(move |_, _| Answer::ok(&other)).await;
    let read = read(&yookassa(&server.url(), patient()), &notice("payment.succeeded", ID)).await;
    assert!(matches!(read, Err(NotificationError::Unchecked(_))), "an answer about another payment: {read:?}");
}

#[tokio::test]
async fn what_is_not_ours_or_not_known_is_irrelevant() {
    let server =
        Server::start(|_, _| Answer::ok(object("succeeded").replace(PAYMENT, "order 12 of the old site"))).await;
    let told = read(&yookassa(&server.url(), patient()), &notice("payment.succeeded", ID)).await.unwrap();
    assert_eq!(told, Notification::Irrelevant, "a payment that was made elsewhere");
    let server = shop("succeeded", "succeeded").await;
    for event in ["payout.succeeded", "deal.closed", "payment_method.active", "payment.something_new", ""] {
        let told = read(&yookassa(&server.url(), patient()), &notice(event, ID)).await.unwrap();
        assert_eq!(told, Notification::Irrelevant, "{event}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn malformed_notices_ask_for_nothing() {
    let server = shop("succeeded", "succeeded").await;
    let yookassa = yookassa(&server.url(), patient());
    for id in ["", "..", "../shops", "a/b", "x?y", "%2e%2e"] {
        assert_malformed(read(&yookassa, &notice("payment.succeeded", id)).await, id);
    }
    for body in [
        "",
        "{",
        "[]",
        "null",
        "1e999",
        r#"{"event":"payment.succeeded"}"#,
        r#"{"event":1,"object":{"id":"1"}}"#,
        r#"{"event":"payment.succeeded","object":{"id":17}}"#,
        r#"{"event":"payment.succeeded","object":{"id":"1","id":"2"}}"#,
    ] {
        assert_malformed(read(&yookassa, body).await, body);
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_test_payment_says_so() {
    let server =
        Server::start(|_, _| Answer::ok(object("succeeded").replace(r#""test":false"#, r#""test":true"#))).await;
    let told = yookassa(&server.url(), patient()).look_up(&known(Some(ID))).await.unwrap();
    assert_eq!(told, [PaymentUpdate { test: true, ..report(ID, PaymentEvent::Paid) }]);
}

#[tokio::test]
async fn a_payment_is_looked_up_by_the_providers_id() {
    for (status, event) in
        [("succeeded", Some(PaymentEvent::Paid)), ("canceled", Some(PaymentEvent::Canceled)), ("pending", None)]
    {
        let server = shop(status, "succeeded").await;
        let told = yookassa(&server.url(), patient()).look_up(&known(Some(ID))).await.unwrap();
        assert_eq!(told, event.map(|event| report(ID, event)).into_iter().collect::<Vec<_>>());
        assert!(told.iter().all(|report| report.payment == payment()));
    }
    let server = shop("succeeded", "succeeded").await;
    assert_eq!(yookassa(&server.url(), patient()).look_up(&known(None)).await.unwrap(), []);
    assert!(server.seen().is_empty(), "it cannot be asked without an id");
    let unknown = Server::start(|_, _| Answer::ok(object("melted"))).await;
    let told = yookassa(&unknown.url(), patient()).look_up(&known(Some(ID))).await;
    assert!(matches!(told, Err(PaymentProviderError::Broken(_))), "{told:?}");
}

#[test]
fn any_answer_will_do() {
    let yookassa = yookassa("http://127.0.0.1:1", patient());
    let answer = yookassa.acknowledge(&Notification::Irrelevant, Verdict::Accepted);
    assert_eq!((answer.content_type, answer.body.as_str()), ("text/plain; charset=utf-8", ""));
}
