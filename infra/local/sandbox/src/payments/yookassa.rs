//! ЮKassa, API v3, under `/yookassa/v3`.

use std::collections::VecDeque;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Map, Value, json};

use super::desk::{Desk, Event, Expected, Notification, Payment, Provider, Refund, State};
use super::money::{kopecks, roubles};
use super::signature::sha256_hex;
use super::{Credentials, iso_time, knows, page_url};

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/yookassa/v3/payments", post(create))
        .route("/yookassa/v3/payments/{id}", get(show))
        .route("/yookassa/v3/refunds", post(refund))
        .route("/yookassa/v3/refunds/{id}", get(show_refund))
}

fn failure(status: StatusCode, code: &str, description: &str) -> Response {
    let body = json!({ "type": "error", "id": "sandbox", "code": code, "description": description });
    (status, Json(body)).into_response()
}

/// The authenticated shop.
#[expect(clippy::result_large_err, reason = "a refusal is an answer, and it is made once")]
fn admit(desk: &Desk, headers: &HeaderMap) -> Result<Credentials, Response> {
    let shop = desk.shop(|shop| knows(headers, &shop.yookassa_shop_id, &shop.yookassa_secret_key));
    shop.ok_or_else(|| failure(StatusCode::UNAUTHORIZED, "invalid_credentials", "Error in shopId or secret key"))
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

async fn create(Shared(desk): Shared<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let shop = match admit(&desk, &headers) {
        Ok(shop) => shop,
        Err(refusal) => return refusal,
    };
    let Some(key) = headers.get("idempotence-key").and_then(|key| key.to_str().ok()).filter(|key| key.len() <= 64)
    else {
        return failure(StatusCode::BAD_REQUEST, "invalid_request", "Idempotence key is missing or too long");
    };
    let Ok(order) = serde_json::from_slice::<Value>(&body) else {
        return failure(StatusCode::BAD_REQUEST, "invalid_request", "Invalid JSON");
    };
    let amount = kopecks(&text(&order, "/amount/value")).filter(|amount| *amount > 0);
    let (Some(amount), "RUB", "redirect") =
        (amount, text(&order, "/amount/currency").as_str(), text(&order, "/confirmation/type").as_str())
    else {
        return failure(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "Amount, currency or confirmation is not acceptable",
        );
    };
    let fingerprint = sha256_hex(&String::from_utf8_lossy(&body));
    let known = desk.find(|payment| payment.is_of(Provider::YooKassa, &shop) && payment.extra("key") == key);
    if known.is_some_and(|known| known.extra("fingerprint") != fingerprint) {
        return failure(StatusCode::BAD_REQUEST, "invalid_request", "Idempotence key duplicated");
    }
    let payment = desk.open(
        |payment| payment.is_of(Provider::YooKassa, &shop) && payment.extra("key") == key,
        |number| {
            let mut extra = Map::new();
            extra.insert("key".to_owned(), key.into());
            extra.insert("fingerprint".to_owned(), fingerprint.into());
            extra.insert("metadata".to_owned(), order.get("metadata").cloned().unwrap_or_else(|| json!({})));
            extra.insert("created_at".to_owned(), iso_time(desk.now()).into());
            extra.insert("page".to_owned(), page_url(&headers, number).into());
            let back = text(&order, "/confirmation/return_url");
            Payment {
                number,
                shop: shop.clone(),
                provider: Provider::YooKassa,
                id: format!("2d{number:06x}-000f-5000-8000-{:012x}", desk.now()),
                order: text(&order, "/metadata/payment_id"),
                amount,
                description: text(&order, "/description"),
                email: text(&order, "/receipt/customer/email"),
                receipt: order.get("receipt").map(Value::to_string).unwrap_or_default(),
                success_url: back.clone(),
                fail_url: back,
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
    Json(object(&payment)).into_response()
}

async fn show(Shared(desk): Shared<Desk>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let shop = match admit(&desk, &headers) {
        Ok(shop) => shop,
        Err(refusal) => return refusal,
    };
    match desk.find(|payment| payment.is_of(Provider::YooKassa, &shop) && payment.id == id) {
        Some(payment) => Json(object(&payment)).into_response(),
        None => failure(StatusCode::NOT_FOUND, "not_found", "Payment doesn't exist"),
    }
}

async fn refund(Shared(desk): Shared<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let shop = match admit(&desk, &headers) {
        Ok(shop) => shop,
        Err(refusal) => return refusal,
    };
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let id = text(&asked, "/payment_id");
    let payment = desk.find(|payment| payment.is_of(Provider::YooKassa, &shop) && payment.id == id);
    let amount = kopecks(&text(&asked, "/amount/value"));
    let (Some(payment), Some(amount)) = (payment, amount) else {
        return failure(StatusCode::BAD_REQUEST, "invalid_request", "No such payment, or no amount");
    };
    match super::pages::give_back(&desk, &payment, amount) {
        Some((payment, refund)) => {
            desk.deliver(&payment, desk.notices(&payment, &Event::Refunded(refund.clone()))).await;
            Json(refund_object(&payment, &refund, desk.now())).into_response()
        }
        None => failure(StatusCode::BAD_REQUEST, "invalid_request", "Amount is more than what is left"),
    }
}

async fn show_refund(Shared(desk): Shared<Desk>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let shop = match admit(&desk, &headers) {
        Ok(shop) => shop,
        Err(refusal) => return refusal,
    };
    let of = |payment: &Payment| payment.refunds.iter().find(|refund| refund.id == id).cloned();
    let found = desk.find(|payment| payment.is_of(Provider::YooKassa, &shop) && of(payment).is_some());
    match found.and_then(|payment| of(&payment).map(|refund| (payment, refund))) {
        Some((payment, refund)) => Json(refund_object(&payment, &refund, desk.now())).into_response(),
        None => failure(StatusCode::NOT_FOUND, "not_found", "Refund doesn't exist"),
    }
}

/// A payment as the API shows it.
fn object(payment: &Payment) -> Value {
    let (status, paid) = match payment.state {
        State::Open => ("pending", false),
        State::Paid => ("succeeded", true),
        State::Declined | State::Canceled => ("canceled", false),
    };
    let mut object = json!({
        "id": payment.id,
        "status": status,
        "paid": paid,
        "amount": { "value": roubles(payment.amount), "currency": "RUB" },
        "description": payment.description,
        "metadata": payment.extra.get("metadata"),
        "created_at": payment.extra("created_at"),
        "confirmation": { "type": "redirect", "confirmation_url": payment.extra("page") },
        "refundable": paid,
        "test": payment.test,
        "recipient": { "account_id": payment.shop.yookassa_shop_id, "gateway_id": "100700" },
    });
    let more = match payment.state {
        State::Paid => Some(("refunded_amount", json!({ "value": roubles(payment.refunded()), "currency": "RUB" }))),
        State::Declined => {
            Some(("cancellation_details", json!({ "party": "payment_network", "reason": "general_decline" })))
        }
        State::Canceled => {
            Some(("cancellation_details", json!({ "party": "yoo_money", "reason": "expired_on_confirmation" })))
        }
        State::Open => None,
    };
    if let (Some((name, value)), Some(object)) = (more, object.as_object_mut()) {
        object.insert(name.to_owned(), value);
    }
    object
}

fn refund_object(payment: &Payment, refund: &Refund, now: i64) -> Value {
    json!({
        "id": refund.id,
        "payment_id": payment.id,
        "status": "succeeded",
        "amount": { "value": roubles(refund.amount), "currency": "RUB" },
        "created_at": iso_time(now),
    })
}

/// Notifications have no signature: the shop reads the payment back.
pub(super) fn notices(payment: &Payment, event: &Event, now: i64) -> Vec<Notification> {
    let (name, object) = match event {
        Event::Paid => ("payment.succeeded", object(payment)),
        Event::Declined | Event::Canceled => ("payment.canceled", object(payment)),
        Event::Refunded(refund) => ("refund.succeeded", refund_object(payment, refund, now)),
    };
    vec![Notification {
        what: name.to_owned(),
        kind: "",
        url: None,
        content_type: "application/json",
        headers: Vec::new(),
        body: json!({ "type": "notification", "event": name, "object": object }).to_string(),
        expected: Expected::Anything,
    }]
}
