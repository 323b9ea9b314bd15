//! T-Bank acquiring, under `/tbank/v2`.

use std::collections::{BTreeMap, VecDeque};

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value, json};

use super::desk::{Desk, Event, Expected, Notification, Payment, Provider, State};
use super::signature::sha256_hex;
use super::{Credentials, page_url};

pub(super) fn router() -> Router<Desk> {
    Router::new().route("/tbank/v2/{method}", post(call))
}

/// The token of a message: root scalars and the password, sorted by name, values joined.
pub(super) fn token(message: &Map<String, Value>, password: &str) -> String {
    let mut signed: BTreeMap<&str, String> = BTreeMap::from([("Password", password.to_owned())]);
    for (name, value) in message {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        if name != "Token" {
            signed.insert(name, text);
        }
    }
    sha256_hex(&signed.into_values().collect::<String>())
}

fn failure(code: &str, message: &str) -> Response {
    Json(json!({ "Success": false, "ErrorCode": code, "Message": message, "Details": "" })).into_response()
}

fn text<'a>(message: &'a Map<String, Value>, name: &str) -> &'a str {
    message.get(name).and_then(Value::as_str).unwrap_or_default()
}

async fn call(Shared(desk): Shared<Desk>, headers: HeaderMap, Path(method): Path<String>, body: Bytes) -> Response {
    let Ok(message) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return failure("9999", "Неверный формат запроса");
    };
    let Some(shop) = desk.shop(|shop| text(&message, "TerminalKey") == shop.tbank_terminal_key) else {
        return failure("202", "Терминал заблокирован");
    };
    if !token(&message, &shop.tbank_password).eq_ignore_ascii_case(text(&message, "Token")) {
        return failure("204", "Неверный токен");
    }
    match method.as_str() {
        "Init" => init(&desk, &shop, &headers, &message),
        "GetState" => match by_id(&desk, &shop, &message) {
            Some(payment) => Json(state(&payment)).into_response(),
            None => failure("6", "Платёж не найден"),
        },
        "CheckOrder" => check_order(&desk, &shop, &message),
        "Cancel" => cancel(&desk, &shop, &message).await,
        _ => failure("9999", "Неизвестный метод"),
    }
}

fn by_id(desk: &Desk, shop: &Credentials, message: &Map<String, Value>) -> Option<Payment> {
    let id = match message.get("PaymentId")? {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    desk.find(|payment| payment.is_of(Provider::TBank, shop) && payment.id == id)
}

fn init(desk: &Desk, shop: &Credentials, headers: &HeaderMap, message: &Map<String, Value>) -> Response {
    let Some(amount) = message.get("Amount").and_then(Value::as_i64).filter(|amount| *amount >= 100) else {
        return failure("308", "Сумма меньше допустимой");
    };
    let order = text(message, "OrderId").to_owned();
    if order.is_empty() || order.len() > 36 {
        return failure("9999", "Неверный OrderId");
    }
    let payment = desk.open(
        |payment| payment.is_of(Provider::TBank, shop) && payment.order == order && payment.state == State::Open,
        |number| {
            let mut extra = Map::new();
            extra.insert("page".to_owned(), page_url(headers, number).into());
            extra.insert("notification".to_owned(), text(message, "NotificationURL").into());
            let receipt = message.get("Receipt");
            Payment {
                number,
                shop: shop.clone(),
                provider: Provider::TBank,
                id: (8_742_000_000 + number).to_string(),
                order: order.clone(),
                amount,
                description: text(message, "Description").to_owned(),
                email: receipt
                    .and_then(|receipt| receipt.get("Email"))
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                receipt: receipt.map(Value::to_string).unwrap_or_default(),
                success_url: text(message, "SuccessURL").to_owned(),
                fail_url: text(message, "FailURL").to_owned(),
                state: State::Open,
                refunds: Vec::new(),
                test: false,
                extra,
                held_back: Vec::new(),
                last: Vec::new(),
                sent: VecDeque::new(),
            }
        },
    );
    Json(json!({
        "Success": true, "ErrorCode": "0", "TerminalKey": shop.tbank_terminal_key, "Status": "NEW",
        "PaymentId": payment.id, "OrderId": payment.order, "Amount": payment.amount, "PaymentURL": payment.extra("page"),
    }))
    .into_response()
}

fn status(payment: &Payment) -> &'static str {
    match payment.state {
        State::Open => "FORM_SHOWED",
        State::Declined => "REJECTED",
        State::Canceled => "DEADLINE_EXPIRED",
        State::Paid if payment.refunded() == 0 => "CONFIRMED",
        State::Paid if payment.refunded() < payment.amount => "PARTIAL_REFUNDED",
        State::Paid => "REFUNDED",
    }
}

fn state(payment: &Payment) -> Value {
    json!({
        "Success": true, "ErrorCode": "0", "Message": "OK", "TerminalKey": payment.shop.tbank_terminal_key,
        "Status": status(payment), "PaymentId": payment.id, "OrderId": payment.order, "Amount": payment.amount,
    })
}

fn check_order(desk: &Desk, shop: &Credentials, message: &Map<String, Value>) -> Response {
    let order = text(message, "OrderId");
    let of_order = |payment: &Payment| payment.is_of(Provider::TBank, shop) && payment.order == order;
    let payments: Vec<_> = desk.all().iter().filter(|payment| of_order(payment)).map(state).collect();
    if payments.is_empty() {
        return failure("255", "Заказ не найден");
    }
    Json(json!({
        "Success": true, "ErrorCode": "0", "Message": "OK", "TerminalKey": shop.tbank_terminal_key,
        "OrderId": order, "Payments": payments,
    }))
    .into_response()
}

async fn cancel(desk: &Desk, shop: &Credentials, message: &Map<String, Value>) -> Response {
    let Some(payment) = by_id(desk, shop, message) else { return failure("6", "Платёж не найден") };
    let amount = message.get("Amount").and_then(Value::as_i64).unwrap_or(payment.amount - payment.refunded());
    match super::pages::give_back(desk, &payment, amount) {
        Some((payment, refund)) => {
            desk.deliver(&payment, desk.notices(&payment, &Event::Refunded(refund))).await;
            Json(state(&payment)).into_response()
        }
        None => failure("8", "Возврат невозможен"),
    }
}

/// A payment is notified twice, as authorized and as confirmed, in any order.
pub(super) fn notices(payment: &Payment, event: &Event) -> Vec<Notification> {
    let told: &[&str] = match event {
        Event::Paid if payment.number.is_multiple_of(2) => &["CONFIRMED", "AUTHORIZED"],
        Event::Paid => &["AUTHORIZED", "CONFIRMED"],
        Event::Declined => &["REJECTED"],
        Event::Canceled => &["DEADLINE_EXPIRED"],
        Event::Refunded(_) if payment.refunded() < payment.amount => &["PARTIAL_REFUNDED"],
        Event::Refunded(_) => &["REFUNDED"],
    };
    told.iter().map(|status| notice(payment, status)).collect()
}

fn notice(payment: &Payment, status: &str) -> Notification {
    let is_good = !matches!(status, "REJECTED" | "DEADLINE_EXPIRED");
    let mut message = Map::new();
    let fields = [
        ("TerminalKey", Value::from(payment.shop.tbank_terminal_key.clone())),
        ("OrderId", payment.order.clone().into()),
        ("Success", is_good.into()),
        ("Status", status.into()),
        ("PaymentId", payment.id.parse::<u64>().unwrap_or_default().into()),
        ("ErrorCode", if is_good { "0" } else { "1051" }.into()),
        ("Amount", payment.amount.into()),
        ("CardId", 322_264.into()),
        ("Pan", "430000******0777".into()),
        ("ExpDate", "1230".into()),
        ("Data", json!({ "sandbox": "true" })),
    ];
    for (name, value) in fields {
        message.insert(name.to_owned(), value);
    }
    let token = token(&message, &payment.shop.tbank_password);
    message.insert("Token".to_owned(), token.into());
    let own = payment.extra("notification");
    Notification {
        what: status.to_owned(),
        kind: "",
        url: (!own.is_empty()).then(|| own.to_owned()),
        content_type: "application/json",
        headers: Vec::new(),
        body: Value::Object(message).to_string(),
        expected: Expected::Exactly("OK".to_owned()),
    }
}
