//! CloudPayments' protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::kernel::Amount;
use domain::payments::provider::{
    Notification, NotificationError, Opened, Order, PaymentEvent, PaymentProvider as _, PaymentProviderError,
    PaymentUpdate, Refunded, Verdict,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use vendors::payments::{CloudPayments, CloudPaymentsSettings};

use super::{
    Call, PAYMENT, assert_forged, assert_malformed, cloudpayments, cloudpayments_settings, known, merged, order,
    receipt, rejected, report,
};
use crate::fixtures::{TestClock, patient};
use crate::server::{Answer, Request, Server};

const NOWHERE: &str = "http://127.0.0.1:1";

fn mac(message: &str) -> String {
    let hmac = Hmac::<Sha256>::new_from_slice(b"supersecret").unwrap();
    STANDARD.encode(hmac.chain_update(message).finalize().into_bytes())
}

/// A form that the provider would send, with some fields changed; an empty one is left out.
fn form(changes: &[(&str, &str)]) -> String {
    let fields = [
        ("TransactionId", "897728064"),
        ("Amount", "990.00"),
        ("Currency", "RUB"),
        ("PaymentAmount", "990.00"),
        ("DateTime", "2026-01-21 11:55:00"),
        ("CardFirstSix", "424242"),
        ("TestMode", "0"),
        ("Status", "Completed"),
        ("OperationType", "Payment"),
        ("InvoiceId", PAYMENT),
        ("Data", "{\"a\":1}"),
        ("Description", "Пополнение"),
    ];
    let mut all: Vec<_> = fields.to_vec();
    for change in changes {
        match all.iter_mut().find(|(name, _)| *name == change.0) {
            Some(field) => *field = *change,
            None => all.push(*change),
        }
    }
    let fields = all.into_iter().filter(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

async fn read(kind: &str, body: &str) -> Result<Notification, NotificationError> {
    let content_type = "application/x-www-form-urlencoded; charset=utf-8";
    let call = Call { kind, content_type, mac: Some(&mac(body)), body: body.as_bytes(), ..Call::default() };
    call.read_by(&cloudpayments(NOWHERE, patient())).await
}

const TRANSACTION: &str = "897728064";

#[tokio::test]
async fn an_order_is_made_with_our_id() {
    let answer = r#"{"Model":{"Id":"gASGZVgUN21hcpPF","Number":2130,"Amount":990.0,"Url":"https://orders.cloudpayments.ru/d/gASGZVgUN21hcpPF"},"Success":true,"Message":null}"#;
    let server = Server::start(move |_, _| Answer::ok(answer)).await;
    let opened = cloudpayments(&server.url(), patient()).open(&order()).await.unwrap();
    let url = "https://orders.cloudpayments.ru/d/gASGZVgUN21hcpPF".to_owned();
    assert_eq!(opened, Opened { url, provider_payment: None }, "the id of the order is not that of a payment");
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/orders/create"));
    assert_eq!(post.header("authorization"), Some(format!("Basic {}", STANDARD.encode("pk_1:supersecret")).as_str()));
    assert_eq!(post.header("x-request-id"), Some(PAYMENT));
    let back = format!("https://app.example.com/pay?id={PAYMENT}&x=1");
    assert_eq!(
        post.body,
        format!(
            r#"{{"Amount":990.00,"Currency":"RUB","Description":"Пополнение: 9900 \"райтов\"","InvoiceId":"{PAYMENT}","Email":"user+1@example.com","RequireConfirmation":false,"SendEmail":false,"SuccessRedirectUrl":"{back}","FailRedirectUrl":"{back}"}}"#
        )
    );
}

#[tokio::test]
async fn a_receipt_goes_with_the_order_if_there_is_somebody_to_send_it_to() {
    let answer = r#"{"Model":{"Url":"https://orders.cloudpayments.ru/d/1"},"Success":true}"#;
    let server = Server::start(move |_, _| Answer::ok(answer)).await;
    let settings =
        CloudPaymentsSettings { receipt: Some(receipt()), ..cloudpayments_settings(&server.url(), patient()) };
    let cloudpayments = CloudPayments::new(settings, TestClock::new());
    cloudpayments.open(&order()).await.unwrap();
    cloudpayments.open(&Order { email: None, ..order() }).await.unwrap();
    let seen = server.seen();
    let data = seen[0].body.split_once(r#""JsonData":"#).unwrap().1;
    assert_eq!(
        data,
        r#"{"cloudpayments":{"CustomerReceipt":{"Items":[{"label":"Пополнение: 9900 \"райтов\"","price":990.00,"quantity":1,"amount":990.00,"vat":5,"method":1,"object":4}],"taxationSystem":1,"email":"user+1@example.com","amounts":{"electronic":990.00}}}}}"#
    );
    assert!(!seen[1].body.contains("JsonData") && !seen[1].body.contains(r#""Email":"#), "{}", seen[1].body);
}

#[tokio::test]
async fn an_answer_of_200_can_say_no() {
    let answer = r#"{"Success":false,"Message":"Invalid Amount value of supersecret"}"#;
    let server = Server::start(move |_, _| Answer::ok(answer)).await;
    assert_eq!(rejected(cloudpayments(&server.url(), patient()).open(&order()).await), "Invalid Amount value of ***");
    for answer in [
        r#"{"Success":true,"Model":null}"#,
        r#"{"Success":true,"Model":{"Id":"1"}}"#,
        r#"{"Success":true,"Model":{"Url":"about:blank"}}"#,
        r#"{"Success":true,"Model":[1]}"#,
    ] {
        let server = Server::start(move |_, _| Answer::ok(answer)).await;
        let opened = cloudpayments(&server.url(), patient()).open(&order()).await;
        assert!(matches!(opened, Err(PaymentProviderError::Broken(_))), "{answer}: {opened:?}");
    }
}

#[tokio::test]
async fn each_kind_of_notice_has_its_meaning() {
    let told = async |kind: &str, changes: &[(&str, &str)]| read(kind, &form(changes)).await.unwrap();
    let wanted = |event| Notification::Update(report(TRANSACTION, event));
    assert_eq!(told("pay", &[]).await, wanted(PaymentEvent::Paid));
    assert_eq!(told("pay", &[("Status", "Authorized")]).await, wanted(PaymentEvent::Authorized));
    assert_eq!(told("confirm", &[]).await, wanted(PaymentEvent::Paid));
    let failed = [("Status", ""), ("Reason", "InsufficientFunds"), ("ReasonCode", "5051")];
    assert_eq!(told("fail", &failed).await, wanted(PaymentEvent::Declined));
    let canceled = [("Status", ""), ("Currency", ""), ("TestMode", ""), ("OperationType", "")];
    assert_eq!(told("cancel", &canceled).await, wanted(PaymentEvent::Canceled));
    assert_eq!(told("check", &[]).await, Notification::PrePaymentCheck(report(TRANSACTION, PaymentEvent::Authorized)));
    assert_eq!(told("recurrent", &[("Status", "Active")]).await, Notification::Irrelevant);
    assert_malformed(read("pay", &form(&[("Status", "Declined")])).await, "not a status of a payment");
    for kind in ["", "Pay", "pay/", "payout", "../pay"] {
        assert_malformed(read(kind, &form(&[])).await, kind);
    }
}

#[tokio::test]
async fn a_refund_names_the_payment_that_it_is_of() {
    let refund = [
        ("TransactionId", "897728999"),
        ("PaymentTransactionId", TRANSACTION),
        ("Amount", "100.50"),
        ("OperationType", "Refund"),
        ("Status", ""),
        ("Currency", ""),
        ("TestMode", ""),
    ];
    let wanted = PaymentUpdate {
        amount: Amount::new(10_050),
        ..report(TRANSACTION, PaymentEvent::Refunded(Refunded::One { id: "897728999".to_owned() }))
    };
    assert_eq!(read("refund", &form(&refund)).await.unwrap(), Notification::Update(wanted));
    let mut without = refund;
    without[1].1 = "";
    assert_malformed(read("refund", &form(&without)).await, "a refund of nothing");
}

#[tokio::test]
async fn forms_json_and_queries_are_read_alike() {
    let wanted = Notification::Update(report(TRANSACTION, PaymentEvent::Paid));
    let provider = cloudpayments(NOWHERE, patient());
    let query = form(&[]);
    let got = Call { kind: "pay", query: &query, mac: Some(&mac(&query)), ..Call::default() }.read_by(&provider).await;
    assert_eq!(got.unwrap(), wanted);
    for amount in ["990", "990.0", "990.00"] {
        let body = format!(
            r#"{{"TransactionId":897728064,"Amount":{amount},"Currency":"RUB","TestMode":0,"Status":"Completed","InvoiceId":"{PAYMENT}","Data":{{"a":[1]}},"Token":null}}"#
        );
        let content_type = "application/json; charset=utf-8";
        let call = Call { kind: "pay", content_type, mac: Some(&mac(&body)), body: body.as_bytes(), ..Call::default() };
        assert_eq!(call.read_by(&provider).await.unwrap(), wanted, "{body}");
    }
}

#[tokio::test]
async fn a_notice_is_proved_over_its_bytes_as_they_came() {
    let provider = cloudpayments(NOWHERE, patient());
    let body = form(&[]);
    let good = mac(&body);
    let forged = async |mac: Option<&str>, body: &str| {
        let call = Call { kind: "pay", mac, body: body.as_bytes(), ..Call::default() };
        assert_forged(call.read_by(&provider).await, &format!("{mac:?} {body}"));
    };
    forged(None, &body).await;
    forged(Some(""), &body).await;
    forged(Some("not base64!"), &body).await;
    forged(Some(&good.to_lowercase()), &body).await;
    forged(Some(&mac("")), &body).await;
    forged(Some(&good), &body.replace("990.00", "991.00")).await;
    // The same fields in another encoding are another message.
    forged(Some(&good), &body.replace("%D0", "%d0")).await;
    forged(Some(&good), "").await;
    let query = Call { kind: "pay", query: "Amount=1", mac: Some(&good), body: body.as_bytes(), ..Call::default() };
    assert!(query.read_by(&provider).await.is_ok(), "of a call with a body, the body is signed");
}

#[tokio::test]
async fn a_test_payment_says_so() {
    for (told, test) in [("1", true), ("true", true), ("True", true), ("0", false), ("false", false)] {
        let Notification::Update(report) = read("pay", &form(&[("TestMode", told)])).await.unwrap() else {
            panic!("{told}")
        };
        assert_eq!(report.test, test, "{told}");
    }
    assert_malformed(read("pay", &form(&[("TestMode", "2")])).await, "neither on nor off");
    let settings = CloudPaymentsSettings { test: true, ..cloudpayments_settings(NOWHERE, patient()) };
    let body = form(&[("TestMode", "")]);
    let call = Call { kind: "cancel", mac: Some(&mac(&body)), body: body.as_bytes(), ..Call::default() };
    let told = call.read_by(&CloudPayments::new(settings, TestClock::new())).await.unwrap();
    let wanted = PaymentUpdate { test: true, ..report(TRANSACTION, PaymentEvent::Canceled) };
    assert_eq!(told, Notification::Update(wanted), "where a notice does not say it, the settings do");
}

#[tokio::test]
async fn what_is_not_ours_is_irrelevant_but_may_not_be_paid() {
    for invoice in ["", "ord-42"] {
        for kind in ["pay", "fail", "confirm", "refund", "cancel", "recurrent"] {
            let told = read(kind, &form(&[("InvoiceId", invoice)])).await.unwrap();
            assert_eq!(told, Notification::Irrelevant, "{kind} {invoice}");
        }
        assert_malformed(read("check", &form(&[("InvoiceId", invoice)])).await, invoice);
    }
}

#[tokio::test]
async fn a_proved_notice_can_be_malformed() {
    for (name, value) in [
        ("Amount", "990.005"),
        ("Amount", "-1"),
        ("Amount", "1e3"),
        ("Amount", ""),
        ("Amount", "99999999999999999999"),
        ("TransactionId", ""),
        ("TransactionId", "1/2"),
        ("TransactionId", "-1"),
        ("TransactionId", "123456789012345678901"),
    ] {
        assert_malformed(read("pay", &form(&[(name, value)])).await, &format!("{name}={value}"));
    }
    assert_malformed(read("pay", &format!("{}&Amount=1.00", form(&[]))).await, "twice");
    let provider = cloudpayments(NOWHERE, patient());
    for body in ["[]", "{", "{}x", "null", r#"{"Amount":1,"Amount":2}"#] {
        let content_type = "application/json";
        let call = Call { kind: "pay", content_type, mac: Some(&mac(body)), body: body.as_bytes(), ..Call::default() };
        assert_malformed(call.read_by(&provider).await, body);
    }
}

#[test]
fn only_a_question_can_be_answered_with_no() {
    let provider = cloudpayments(NOWHERE, patient());
    let question = Notification::PrePaymentCheck(report(TRANSACTION, PaymentEvent::Authorized));
    let told = Notification::Update(report(TRANSACTION, PaymentEvent::Paid));
    for (verdict, code) in [
        (Verdict::Accepted, 0),
        (Verdict::UnknownPayment, 10),
        (Verdict::WrongAmount, 12),
        (Verdict::Refused, 13),
        (Verdict::Expired, 20),
    ] {
        let answer = provider.acknowledge(&question, verdict);
        assert_eq!((answer.content_type, answer.body), ("application/json", format!("{{\"code\":{code}}}")));
        for notice in [&told, &Notification::Irrelevant] {
            assert_eq!(provider.acknowledge(notice, verdict).body, r#"{"code":0}"#, "{verdict:?}");
        }
    }
}

/// An operation as the API tells it.
fn operation(changes: Value) -> Value {
    let operation = json!({
        "TransactionId": 897_728_064, "Amount": 990, "Currency": "RUB", "InvoiceId": PAYMENT, "TestMode": false,
        "OriginalTransactionId": null, "Status": "Completed", "Type": 0, "Refunded": false, "IpLatitude": 55.03923,
    });
    merged(operation, changes)
}

async fn looked_up(found: Value, original: Value) -> (Server, Result<Vec<PaymentUpdate>, PaymentProviderError>) {
    let server = Server::start(move |request: &Request, _| {
        let answer = if request.path == "/v2/payments/find" { &found } else { &original };
        Answer::ok(answer.to_string())
    })
    .await;
    let told = cloudpayments(&server.url(), patient()).look_up(&known(None)).await;
    (server, told)
}

#[tokio::test]
async fn a_payment_is_looked_up_by_our_id() {
    for (status, event) in [
        ("Completed", Some(PaymentEvent::Paid)),
        ("Authorized", Some(PaymentEvent::Authorized)),
        ("Cancelled", Some(PaymentEvent::Canceled)),
        ("Declined", Some(PaymentEvent::Declined)),
        ("AwaitingAuthentication", None),
    ] {
        // Attempts that failed are told as failures.
        let found = json!({ "Success": status == "Completed", "Message": null, "Model": operation(json!({ "Status": status })) });
        let (server, told) = looked_up(found, Value::Null).await;
        assert_eq!(
            told.unwrap(),
            event.map(|event| report(TRANSACTION, event)).into_iter().collect::<Vec<_>>(),
            "{status}"
        );
        let seen = server.seen();
        let [post] = seen.as_slice() else { panic!("{seen:?}") };
        assert_eq!((post.path.as_str(), post.json()), ("/v2/payments/find", json!({ "InvoiceId": PAYMENT })));
        assert_eq!(post.header("x-request-id"), None, "a question is asked anew every time");
    }
    let (_server, told) = looked_up(json!({ "Success": false, "Message": "Not found" }), Value::Null).await;
    assert_eq!(told.unwrap(), []);
    let (_server, told) = looked_up(json!({ "Success": false, "Message": "No" }), Value::Null).await;
    assert_eq!(rejected(told), "No");
}

#[tokio::test]
async fn a_refund_as_the_last_operation_is_told_before_its_payment() {
    let refund = operation(
        json!({ "TransactionId": 897_728_999, "OriginalTransactionId": 897_728_064, "Type": 1, "Amount": 100.5 }),
    );
    let found = json!({ "Success": true, "Model": refund });
    let original = json!({ "Success": true, "Model": operation(json!({ "Refunded": true })) });
    let (server, told) = looked_up(found.clone(), original).await;
    let back = PaymentUpdate {
        amount: Amount::new(10_050),
        ..report(TRANSACTION, PaymentEvent::Refunded(Refunded::One { id: "897728999".to_owned() }))
    };
    assert_eq!(told.unwrap(), [back, report(TRANSACTION, PaymentEvent::Paid)]);
    let seen = server.seen();
    assert_eq!((seen[1].path.as_str(), seen[1].json()), ("/payments/get", json!({ "TransactionId": 897_728_064 })));
    for original in [
        json!({ "Success": false, "Message": "Not found" }),
        json!({ "Success": true, "Model": operation(json!({ "InvoiceId": "019be060-0000-7000-8000-000000000002" })) }),
        json!({ "Success": true, "Model": operation(json!({ "Type": 1 })) }),
    ] {
        let (_server, told) = looked_up(found.clone(), original).await;
        assert!(matches!(told, Err(PaymentProviderError::Broken(_))), "{told:?}");
    }
}

#[tokio::test]
async fn an_operation_that_does_not_fit_settles_nothing() {
    for changes in [
        json!({ "InvoiceId": "019be060-0000-7000-8000-000000000002" }),
        json!({ "InvoiceId": null }),
        json!({ "Refunded": true }),
        json!({ "Status": "Melted" }),
        json!({ "Amount": 990.005 }),
        json!({ "Amount": "a lot" }),
        json!({ "TransactionId": null }),
        json!({ "Type": 1 }),
    ] {
        let found = json!({ "Success": true, "Model": operation(changes.clone()) });
        let (_server, told) = looked_up(found, Value::Null).await;
        assert!(matches!(told, Err(PaymentProviderError::Broken(_))), "{changes}: {told:?}");
    }
}
