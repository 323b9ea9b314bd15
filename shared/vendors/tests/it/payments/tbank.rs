//! T-Bank's protocol.

use std::collections::BTreeMap;

use domain::kernel::Amount;
use domain::payments::provider::{
    Notification, NotificationError, Opened, Order, PaymentEvent, PaymentProvider as _, PaymentProviderError,
    PaymentUpdate, Refunded, Verdict,
};
use serde_json::{Value, json};
use vendors::payments::{TBank, TBankSettings};

use super::{
    Call, PAYMENT, assert_forged, assert_malformed, hex, known, merged, order, receipt, rejected, report, tbank,
    tbank_settings,
};
use crate::fixtures::{TestClock, patient};
use crate::server::{Answer, Request, Server};

const NOWHERE: &str = "http://127.0.0.1:1";
/// The provider's id of the payment.
const ID: &str = "13660";

/// The token of a message, worked out apart from the product.
fn token(message: &Value) -> String {
    use sha2::{Digest as _, Sha256};
    let scalars = message.as_object().unwrap().iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name.as_str(), text.clone())),
        Value::Number(_) | Value::Bool(_) => Some((name.as_str(), value.to_string())),
        _ => None,
    });
    let mut named: BTreeMap<_, _> = scalars.filter(|(name, _)| *name != "Token").collect();
    named.insert("Password", "TinkoffBankTest".to_owned());
    let text: String = named.into_values().collect();
    hex(&Sha256::digest(text))
}

fn signed(mut message: Value) -> Value {
    let token = token(&message);
    message["Token"] = token.into();
    message
}

fn notice(changes: Value) -> Value {
    let notice = json!({
        "TerminalKey": "TinkoffBankTest", "OrderId": PAYMENT, "Success": true, "Status": "CONFIRMED", "PaymentId": 13660,
        "ErrorCode": "0", "Amount": 99000, "CardId": 322_264, "Pan": "430000******0777", "ExpDate": "1230",
        "Data": { "plan": "pro" },
    });
    merged(notice, changes)
}

async fn read(body: &str) -> Result<Notification, NotificationError> {
    let call = Call { content_type: "application/json", body: body.as_bytes(), ..Call::default() };
    call.read_by(&tbank(NOWHERE, patient())).await
}

async fn told(changes: Value) -> Result<Notification, NotificationError> {
    read(&signed(notice(changes)).to_string()).await
}

fn init() -> Answer {
    let reply = json!({
        "Success": true, "ErrorCode": "0", "TerminalKey": "TinkoffBankTest", "Status": "NEW", "PaymentId": ID, "OrderId": PAYMENT,
        "Amount": 99000, "PaymentURL": "https://pay.tbank.ru/AbCdEf",
    });
    Answer::ok(reply.to_string())
}

#[tokio::test]
async fn an_order_is_initialised_with_a_token() {
    let server = Server::start(|_, _| init()).await;
    let opened = tbank(&server.url(), patient()).open(&order()).await.unwrap();
    let url = "https://pay.tbank.ru/AbCdEf".to_owned();
    assert_eq!(opened, Opened { url, provider_payment: Some(ID.to_owned()) });
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/v2/Init"));
    assert_eq!(post.header("authorization"), None);
    let body = post.json();
    let back = format!("https://app.example.com/pay?id={PAYMENT}&x=1");
    assert_eq!(
        body,
        json!({
            "Amount": 99000, "OrderId": PAYMENT, "Description": "Пополнение: 9900 \"райтов\"", "PayType": "O",
            "RedirectDueDate": "2026-01-21T12:49:35+00:00", "SuccessURL": back, "FailURL": back,
            "TerminalKey": "TinkoffBankTest", "Token": token(&body),
        })
    );
}

#[tokio::test]
async fn notices_and_receipts_go_where_the_settings_say() {
    let server = Server::start(|_, _| init()).await;
    let settings = TBankSettings {
        receipt: Some(receipt()),
        notification_url: Some("https://api.example/webhook/tbank".to_owned()),
        ..tbank_settings(&server.url(), patient())
    };
    let tbank = TBank::new(settings.clone(), TestClock::new());
    tbank.open(&order()).await.unwrap();
    tbank.open(&Order { email: None, ..order() }).await.unwrap();
    let bodies: Vec<_> = server.seen().iter().map(Request::json).collect();
    assert_eq!(bodies[0]["NotificationURL"], "https://api.example/webhook/tbank");
    assert_eq!(
        bodies[0]["Receipt"],
        json!({
            "Email": "user+1@example.com",
            "Taxation": "usn_income",
            "Items": [{
                "Name": "Пополнение: 9900 \"райтов\"", "Price": 99000, "Quantity": 1, "Amount": 99000, "Tax": "vat5",
                "PaymentMethod": "full_prepayment", "PaymentObject": "service",
            }],
        })
    );
    assert_eq!(bodies[1].get("Receipt"), None);
    for body in &bodies {
        assert_eq!(body["Token"], token(body), "what is nested is not signed");
    }
    let taxation = vendors::payments::ReceiptSettings { taxation: None, ..receipt() };
    let tbank = TBank::new(TBankSettings { receipt: Some(taxation), ..settings }, TestClock::new());
    assert!(rejected(tbank.open(&order()).await).contains("taxation"));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn an_answer_of_200_can_say_no() {
    let answer = r#"{"Success":false,"ErrorCode":"204","Message":"Неверный токен.","Details":"TinkoffBankTest of user+1@example.com"}"#;
    let server = Server::start(move |_, _| Answer::ok(answer)).await;
    assert_eq!(rejected(tbank(&server.url(), patient()).open(&order()).await), "204: Неверный токен.: *** of ***");
    for answer in [
        r#"{"Success":true,"PaymentId":"1"}"#,
        r#"{"Success":true,"PaymentURL":"https://pay.tbank.ru/1"}"#,
        r#"{"ErrorCode":"0"}"#,
        r#"{"Success":true,"PaymentId":"1","PaymentURL":"javascript:alert(1)"}"#,
        r#"{"Success":"maybe"}"#,
    ] {
        let server = Server::start(move |_, _| Answer::ok(answer)).await;
        let opened = tbank(&server.url(), patient()).open(&order()).await;
        assert!(matches!(opened, Err(PaymentProviderError::Broken(_))), "{answer}: {opened:?}");
    }
}

#[tokio::test]
async fn each_status_has_its_meaning() {
    for (status, event) in [
        ("CONFIRMED", Some(PaymentEvent::Paid)),
        ("AUTHORIZED", Some(PaymentEvent::Authorized)),
        ("REJECTED", Some(PaymentEvent::Declined)),
        ("CANCELED", Some(PaymentEvent::Canceled)),
        ("REVERSED", Some(PaymentEvent::Canceled)),
        ("DEADLINE_EXPIRED", Some(PaymentEvent::Canceled)),
        ("REFUNDED", Some(PaymentEvent::Refunded(Refunded::InAll))),
        ("NEW", None),
        ("FORM_SHOWED", None),
        ("AUTHORIZING", None),
        ("3DS_CHECKING", None),
        ("AUTH_FAIL", None),
        ("CONFIRMING", None),
        ("PARTIAL_REVERSED", None),
        ("ASYNC_REFUNDING", None),
        ("SOMETHING_NEW", None),
    ] {
        let wanted = event.map_or(Notification::Irrelevant, |event| Notification::Update(report(ID, event)));
        assert_eq!(told(json!({ "Status": status })).await.unwrap(), wanted, "{status}");
    }
    // How much went back in parts is not to be had: zero brings it before a person.
    let partly = PaymentUpdate { amount: Amount::ZERO, ..report(ID, PaymentEvent::Refunded(Refunded::InAll)) };
    assert_eq!(
        told(json!({ "Status": "PARTIAL_REFUNDED", "Amount": 50000 })).await.unwrap(),
        Notification::Update(partly)
    );
}

#[tokio::test]
async fn whatever_fields_arrive_are_signed() {
    for changes in [
        json!({ "PaymentId": ID }),
        json!({ "RebillId": 101_709, "SpAccumulationId": "x", "Later": false, "Note": "строка", "Nothing": null }),
        json!({ "Data": null, "Receipts": [{ "a": 1 }], "Shops": {} }),
    ] {
        let wanted = Notification::Update(report(ID, PaymentEvent::Paid));
        assert_eq!(told(changes.clone()).await.unwrap(), wanted, "{changes}");
    }
    // Digits beyond what a float keeps, and a number that a float would print in another way.
    let body = signed(notice(json!({ "CardId": "PLACE" }))).to_string();
    let exact = "12345678901234567890123.10";
    let with_text = signed(notice(json!({ "CardId": exact })))["Token"].as_str().unwrap().to_owned();
    let old = signed(notice(json!({ "CardId": "PLACE" })))["Token"].as_str().unwrap().to_owned();
    let body = body.replace(&old, &with_text.to_uppercase()).replace("\"PLACE\"", exact);
    assert_eq!(read(&body).await.unwrap(), Notification::Update(report(ID, PaymentEvent::Paid)), "{body}");
}

#[tokio::test]
async fn whatever_is_changed_in_a_notice_spoils_its_token() {
    let good = signed(notice(json!({})));
    for (name, value) in [
        ("Amount", json!(1)),
        ("Status", json!("REFUNDED")),
        ("OrderId", json!("other")),
        ("Success", json!(false)),
        ("TerminalKey", json!("Other")),
        ("PaymentId", json!(1)),
        ("More", json!(1)),
        ("Token", json!("")),
        ("Token", json!(null)),
        ("Token", json!({})),
        ("Token", json!(1)),
    ] {
        let mut changed = good.clone();
        changed[name] = value;
        assert_forged(read(&changed.to_string()).await, &changed.to_string());
    }
    let nested = {
        let mut nested = good.clone();
        nested["Data"] = json!({ "plan": "another" });
        nested
    };
    assert!(read(&nested.to_string()).await.is_ok(), "what is nested is not signed, and not read");
    assert_forged(told(json!({ "TerminalKey": "1321054611234DEMO" })).await, "another terminal with the same password");
    let own = json!({ "Password": "mine", "TerminalKey": "TinkoffBankTest" });
    assert!(read(&own.to_string()).await.is_err());
}

#[tokio::test]
async fn other_messages_are_irrelevant_once_they_are_proved() {
    let bound = json!({ "TerminalKey": "TinkoffBankTest", "NotificationType": "LINKCARD", "CustomerKey": "1", "Success": true, "Status": "COMPLETED" });
    assert_eq!(read(&signed(bound.clone()).to_string()).await.unwrap(), Notification::Irrelevant);
    assert_forged(read(&bound.to_string()).await, "a card without a token");
    assert_eq!(
        told(json!({ "Status": "RECEIPT", "Receipt": { "Items": [] } })).await.unwrap(),
        Notification::Irrelevant
    );
    assert_eq!(told(json!({ "NotificationType": "LINKACCOUNT" })).await.unwrap(), Notification::Irrelevant);
    assert_eq!(
        told(json!({ "OrderId": "21090" })).await.unwrap(),
        Notification::Irrelevant,
        "an order that was made elsewhere"
    );
}

#[tokio::test]
async fn a_proved_notice_can_be_malformed() {
    for changes in [
        json!({ "Amount": null }),
        json!({ "Amount": "a lot" }),
        json!({ "Amount": -1 }),
        json!({ "Amount": 990.5 }),
        json!({ "Amount": 1.0e30 }),
        json!({ "PaymentId": null }),
        json!({ "PaymentId": {} }),
        json!({ "Status": null }),
        json!({ "Success": false }),
        json!({ "Success": null }),
    ] {
        assert_malformed(told(changes.clone()).await, &changes.to_string());
    }
    let twice = signed(notice(json!({}))).to_string().replacen('{', r#"{"Amount":1,"#, 1);
    for body in ["", "{", "[]", "null", "7", "Amount=1", &twice] {
        assert_malformed(read(body).await, body);
    }
}

#[test]
fn the_answer_is_two_letters() {
    let answer = tbank(NOWHERE, patient()).acknowledge(&Notification::Irrelevant, Verdict::UnknownPayment);
    assert_eq!((answer.content_type, answer.body.as_str()), ("text/plain; charset=utf-8", "OK"));
}

fn state(changes: Value) -> Value {
    let state = json!({
        "Success": true, "ErrorCode": "0", "TerminalKey": "TinkoffBankTest", "Status": "CONFIRMED", "PaymentId": ID,
        "OrderId": PAYMENT, "Amount": 99000,
    });
    merged(state, changes)
}

fn attempts() -> Value {
    json!({
        "Success": true, "ErrorCode": "0", "OrderId": PAYMENT,
        "Payments": [
            { "PaymentId": ID, "Amount": 99000, "Status": "REJECTED", "Success": false, "ErrorCode": "1051" },
            { "PaymentId": 13661, "Amount": 99000, "Status": "CONFIRMED", "Success": true, "ErrorCode": "0" },
            { "PaymentId": 13662, "Amount": 99000, "Status": "FORM_SHOWED", "Success": true, "ErrorCode": "0" },
        ],
    })
}

async fn looked_up(by: Option<&str>, state: Value) -> (Vec<Request>, Result<Vec<PaymentUpdate>, PaymentProviderError>) {
    let server = Server::start(move |request: &Request, _| {
        Answer::ok(if request.path == "/v2/GetState" { state.to_string() } else { attempts().to_string() })
    })
    .await;
    let told = tbank(&server.url(), patient()).look_up(&known(by)).await;
    (server.seen(), told)
}

#[tokio::test]
async fn a_payment_is_looked_up_by_the_providers_id() {
    let (seen, told) = looked_up(Some(ID), state(json!({}))).await;
    assert_eq!(told.unwrap(), [report(ID, PaymentEvent::Paid)]);
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    // The vector with a PaymentId of 13660 instead of 10063 has no published token; it is worked out anew.
    let body = post.json();
    assert_eq!(body, json!({ "PaymentId": ID, "TerminalKey": "TinkoffBankTest", "Token": token(&body) }));
    let (_, told) = looked_up(Some(ID), state(json!({ "Status": "FORM_SHOWED" }))).await;
    assert_eq!(told.unwrap(), []);
    let (_, told) = looked_up(Some(ID), state(json!({ "PaymentId": 13660 }))).await;
    assert_eq!(told.unwrap(), [report(ID, PaymentEvent::Paid)], "as a number too");
}

#[tokio::test]
async fn all_attempts_are_told_when_none_is_known_or_the_known_one_failed() {
    let wanted = [report(ID, PaymentEvent::Declined), report("13661", PaymentEvent::Paid)];
    let (seen, told) = looked_up(None, Value::Null).await;
    assert_eq!(told.unwrap(), wanted);
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    let body = post.json();
    assert_eq!(post.path, "/v2/CheckOrder");
    assert_eq!(body, json!({ "OrderId": PAYMENT, "TerminalKey": "TinkoffBankTest", "Token": token(&body) }));
    let (seen, told) = looked_up(Some(ID), state(json!({ "Status": "REJECTED" }))).await;
    assert_eq!(told.unwrap(), wanted);
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn an_answer_about_another_payment_settles_nothing() {
    for changes in [
        json!({ "OrderId": "019be060-0000-7000-8000-000000000002" }),
        json!({ "OrderId": "" }),
        json!({ "PaymentId": "1" }),
        json!({ "Amount": null }),
        json!({ "Status": null }),
    ] {
        let (_, told) = looked_up(Some(ID), state(changes.clone())).await;
        assert!(matches!(told, Err(PaymentProviderError::Broken(_))), "{changes}: {told:?}");
    }
    let server = Server::start(|_, _| Answer::ok(r#"{"Success":true,"Payments":[{"PaymentId":"1"}]}"#)).await;
    let told = tbank(&server.url(), patient()).look_up(&known(None)).await;
    assert!(matches!(told, Err(PaymentProviderError::Broken(_))), "{told:?}");
}
