//! CloudPayments, under `/cloudpayments`.

use std::collections::VecDeque;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value, json};

use super::desk::{Desk, Event, Expected, Notification, Payment, Provider, Refund, State};
use super::money::{kopecks, roubles};
use super::signature::hmac_base64;
use super::{Credentials, iso_time, knows, page_url};

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/cloudpayments/orders/create", post(create))
        .route("/cloudpayments/orders/cancel", post(cancel))
        .route("/cloudpayments/payments/get", post(show))
        .route("/cloudpayments/v2/payments/find", post(find))
        .route("/cloudpayments/payments/refund", post(refund))
}

fn success(model: &Value) -> Response {
    Json(json!({ "Model": model, "Success": true, "Message": null })).into_response()
}

/// Failures have status 200.
fn failure(message: &str) -> Response {
    Json(json!({ "Model": null, "Success": false, "Message": message })).into_response()
}

/// The fields of a JSON body or a form, as texts.
fn fields(headers: &HeaderMap, body: &[u8]) -> Map<String, Value> {
    let is_json = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if is_json {
        return serde_json::from_slice(body).unwrap_or_default();
    }
    form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}

fn text(fields: &Map<String, Value>, name: &str) -> String {
    match fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn admitted(desk: &Desk, headers: &HeaderMap) -> Option<Credentials> {
    desk.shop(|shop| knows(headers, &shop.cloudpayments_public_id, &shop.cloudpayments_api_secret))
}

async fn create(Shared(desk): Shared<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(shop) = admitted(&desk, &headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let order = fields(&headers, &body);
    let Some(amount) = kopecks(&text(&order, "Amount")).filter(|amount| *amount > 0) else {
        return failure("Amount is required");
    };
    if text(&order, "Description").is_empty() {
        return failure("Description is required");
    }
    let request = headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let same = |payment: &Payment| {
        payment.is_of(Provider::CloudPayments, &shop) && !request.is_empty() && payment.extra("request") == request
    };
    let payment = desk.open(same, |number| {
        let mut extra = Map::new();
        extra.insert("request".to_owned(), request.clone().into());
        extra.insert("account".to_owned(), text(&order, "AccountId").into());
        extra.insert("data".to_owned(), text(&order, "JsonData").into());
        extra.insert("page".to_owned(), page_url(&headers, number).into());
        Payment {
            number,
            shop: shop.clone(),
            provider: Provider::CloudPayments,
            id: (897_728_000 + number * 2).to_string(),
            order: text(&order, "InvoiceId"),
            amount,
            description: text(&order, "Description"),
            email: text(&order, "Email"),
            receipt: text(&order, "JsonData"),
            success_url: text(&order, "SuccessRedirectUrl"),
            fail_url: text(&order, "FailRedirectUrl"),
            state: State::Open,
            refunds: Vec::new(),
            test: false,
            extra,
            held_back: Vec::new(),
            last: Vec::new(),
            sent: VecDeque::new(),
        }
    });
    success(&json!({
        "Id": format!("sandbox{}", payment.number), "Number": payment.number, "Amount": number(payment.amount),
        "Currency": "RUB", "Email": payment.email, "Description": payment.description,
        "RequireConfirmation": false, "Url": payment.extra("page"), "Status": "Created",
    }))
}

/// Roubles as an exact JSON number.
fn number(amount: i64) -> Value {
    serde_json::from_str(&roubles(amount)).unwrap_or_default()
}

async fn cancel(Shared(desk): Shared<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(shop) = admitted(&desk, &headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let id = text(&fields(&headers, &body), "Id");
    let number: u64 = id.strip_prefix("sandbox").and_then(|number| number.parse().ok()).unwrap_or_default();
    let found = desk.find(|payment| payment.is_of(Provider::CloudPayments, &shop) && payment.number == number);
    let Some(payment) = found else { return failure("Not found") };
    desk.change(payment.number, |payment| {
        if payment.state == State::Open {
            payment.state = State::Canceled;
        }
    });
    success(&Value::Null)
}

/// An operation as the API shows it; a payment without an attempt has none.
fn operation(payment: &Payment) -> Option<Value> {
    let status = match payment.state {
        State::Open => return None,
        State::Paid => "Completed",
        State::Declined => "Declined",
        State::Canceled => "Cancelled",
    };
    Some(json!({
        "TransactionId": payment.id.parse::<u64>().unwrap_or_default(), "Amount": number(payment.amount), "Currency": "RUB",
        "InvoiceId": payment.order, "AccountId": payment.extra("account"), "Status": status, "TestMode": payment.test,
        "Type": 0, "Refunded": payment.refunded() > 0,
    }))
}

async fn show(Shared(desk): Shared<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(shop) = admitted(&desk, &headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let id = text(&fields(&headers, &body), "TransactionId");
    let found = desk.find(|payment| payment.is_of(Provider::CloudPayments, &shop) && payment.id == id);
    found.as_ref().and_then(operation).map_or_else(|| failure("Not found"), |model| success(&model))
}

/// The last operation of an invoice, which may be a refund.
async fn find(Shared(desk): Shared<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(shop) = admitted(&desk, &headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let invoice = text(&fields(&headers, &body), "InvoiceId");
    let found = desk.find(|payment| payment.is_of(Provider::CloudPayments, &shop) && payment.order == invoice);
    let Some(payment) = found else { return failure("Not found") };
    match payment.refunds.last() {
        Some(refund) => success(&json!({
            "TransactionId": refund.id.parse::<u64>().unwrap_or_default(), "Amount": number(refund.amount), "Currency": "RUB",
            "InvoiceId": payment.order, "Status": "Completed", "TestMode": payment.test, "Type": 1,
            "OriginalTransactionId": payment.id.parse::<u64>().unwrap_or_default(),
        })),
        None => operation(&payment).map_or_else(|| failure("Not found"), |model| success(&model)),
    }
}

async fn refund(Shared(desk): Shared<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(shop) = admitted(&desk, &headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let asked = fields(&headers, &body);
    let id = text(&asked, "TransactionId");
    let payment = desk.find(|payment| payment.is_of(Provider::CloudPayments, &shop) && payment.id == id);
    let (Some(payment), Some(amount)) = (payment, kopecks(&text(&asked, "Amount"))) else {
        return failure("Not found");
    };
    match super::pages::give_back(&desk, &payment, amount) {
        Some((payment, refund)) => {
            desk.deliver(&payment, desk.notices(&payment, &Event::Refunded(refund.clone()))).await;
            success(&json!({ "TransactionId": refund.id.parse::<u64>().unwrap_or_default() }))
        }
        None => failure("Amount is more than what is left"),
    }
}

/// A webhook's form, with both signatures.
fn notice(shop: &Credentials, kind: &'static str, pairs: &[(&str, String)], expected: Expected) -> Notification {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())));
    let body = form.finish();
    // The second signature covers the URL-decoded text.
    let decoded: String =
        form_urlencoded::parse(format!("x={}", body.replace('&', "%26").replace('=', "%3D")).as_bytes())
            .map(|(_, value)| value.into_owned())
            .collect();
    let secret = &shop.cloudpayments_api_secret;
    Notification {
        what: kind.to_owned(),
        kind,
        url: None,
        content_type: "application/x-www-form-urlencoded",
        headers: vec![("content-hmac", hmac_base64(secret, &body)), ("x-content-hmac", hmac_base64(secret, &decoded))],
        body,
        expected,
    }
}

fn common(payment: &Payment, now: i64) -> Vec<(&'static str, String)> {
    let time = iso_time(now).replace('T', " ").trim_end_matches(".000Z").to_owned();
    let mut pairs = vec![
        ("TransactionId", payment.id.clone()),
        ("Amount", roubles(payment.amount)),
        ("Currency", "RUB".to_owned()),
        ("DateTime", time),
        ("CardFirstSix", "424242".to_owned()),
        ("CardLastFour", "4242".to_owned()),
        ("TestMode", u8::from(payment.test).to_string()),
        ("InvoiceId", payment.order.clone()),
        ("AccountId", payment.extra("account").to_owned()),
        ("Description", payment.description.clone()),
    ];
    if !payment.extra("data").is_empty() {
        pairs.push(("Data", payment.extra("data").to_owned()));
    }
    pairs
}

/// The check before a payment.
pub(super) fn check(payment: &Payment, now: i64) -> Notification {
    let mut pairs = common(payment, now);
    pairs.extend([("Status", "Completed".to_owned()), ("OperationType", "Payment".to_owned())]);
    notice(&payment.shop, "check", &pairs, Expected::CodeZero)
}

pub(super) fn notices(payment: &Payment, event: &Event, now: i64) -> Vec<Notification> {
    let mut pairs = common(payment, now);
    let kind = match event {
        Event::Paid => {
            pairs.extend([("Status", "Completed".to_owned()), ("OperationType", "Payment".to_owned())]);
            "pay"
        }
        Event::Declined => {
            pairs.extend([
                ("Reason", "InsufficientFunds".to_owned()),
                ("ReasonCode", "5051".to_owned()),
                ("OperationType", "Payment".to_owned()),
            ]);
            "fail"
        }
        Event::Canceled => "cancel",
        Event::Refunded(Refund { id, amount }) => {
            pairs = vec![
                ("TransactionId", id.clone()),
                ("PaymentTransactionId", payment.id.clone()),
                ("Amount", roubles(*amount)),
                ("Currency", "RUB".to_owned()),
                ("OperationType", "Refund".to_owned()),
                ("InvoiceId", payment.order.clone()),
                ("AccountId", payment.extra("account").to_owned()),
                ("TestMode", u8::from(payment.test).to_string()),
            ];
            "refund"
        }
    };
    vec![notice(&payment.shop, kind, &pairs, Expected::CodeZero)]
}
