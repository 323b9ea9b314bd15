//! The providers' side of the API calls that the product makes, as far as the tests of webhooks need it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::world::serve;

/// What the providers know.
#[derive(Clone, Default)]
pub(crate) struct Bank {
    pub(crate) url: String,
    /// ЮKassa's objects by id: payments and refunds.
    objects: Arc<Mutex<BTreeMap<String, Value>>>,
    /// How many calls there were.
    calls: Arc<Mutex<u32>>,
    /// Every call fails with this status.
    broken: Arc<Mutex<Option<u16>>>,
}

impl Bank {
    pub(crate) async fn open() -> Self {
        let bank = Self::default();
        let router = Router::new()
            .route("/yookassa/payments", post(create))
            .route("/yookassa/payments/{id}", get(show))
            .route("/yookassa/refunds/{id}", get(show))
            .route("/cloudpayments/orders/create", post(order))
            .route("/tbank/Init", post(init))
            .with_state(bank.clone());
        let url = serve(router).await;
        Self { url, ..bank }
    }

    /// Changes fields of an object of ЮKassa's.
    pub(crate) fn change(&self, id: &str, fields: &Value) {
        let mut objects = self.objects.lock().unwrap();
        let object = objects.entry(id.to_owned()).or_insert_with(|| json!({ "id": id }));
        for (name, value) in fields.as_object().unwrap() {
            object[name] = value.clone();
        }
    }

    pub(crate) fn breaks(&self, status: Option<u16>) {
        *self.broken.lock().unwrap() = status;
    }

    pub(crate) fn calls(&self) -> u32 {
        *self.calls.lock().unwrap()
    }

    fn called(&self) -> Option<Response> {
        *self.calls.lock().unwrap() += 1;
        let status = (*self.broken.lock().unwrap())?;
        Some((StatusCode::from_u16(status).unwrap(), Json(json!({}))).into_response())
    }
}

/// The id that ЮKassa gives a payment of ours.
pub(crate) fn yookassa_id(payment: &str) -> String {
    format!("2e{}", &payment[2..])
}

async fn create(State(bank): State<Bank>, Json(body): Json<Value>) -> Response {
    if let Some(failure) = bank.called() {
        return failure;
    }
    let id = yookassa_id(body["metadata"]["payment_id"].as_str().unwrap());
    let object = json!({
        "id": id, "status": "pending", "paid": false, "amount": body["amount"], "metadata": body["metadata"], "test": false,
        "confirmation": { "type": "redirect", "confirmation_url": format!("https://yoomoney.example/{id}") }
    });
    bank.objects.lock().unwrap().insert(id, object.clone());
    Json(object).into_response()
}

async fn show(State(bank): State<Bank>, Path(id): Path<String>) -> Response {
    if let Some(failure) = bank.called() {
        return failure;
    }
    match bank.objects.lock().unwrap().get(&id) {
        Some(object) => Json(object.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "type": "error", "code": "not_found" }))).into_response(),
    }
}

async fn order(State(bank): State<Bank>, Json(body): Json<Value>) -> Response {
    if let Some(failure) = bank.called() {
        return failure;
    }
    let url = format!("https://orders.example/{}", body["InvoiceId"].as_str().unwrap());
    Json(json!({ "Success": true, "Message": null, "Model": { "Id": "order", "Url": url } })).into_response()
}

async fn init(State(bank): State<Bank>, Json(body): Json<Value>) -> Response {
    if let Some(failure) = bank.called() {
        return failure;
    }
    let order = body["OrderId"].as_str().unwrap();
    Json(json!({
        "Success": true, "ErrorCode": "0", "Status": "NEW", "TerminalKey": body["TerminalKey"], "OrderId": order,
        "Amount": body["Amount"], "PaymentId": "13660", "PaymentURL": format!("https://pay.example/{order}")
    }))
    .into_response()
}
