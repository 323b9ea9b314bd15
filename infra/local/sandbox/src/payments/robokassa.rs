//! Robokassa: the payment page and `OpStateExt`, under `/robokassa`.

use std::collections::VecDeque;
use std::fmt::Write as _;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::Map;

use super::desk::{Desk, Event, Expected, Notification, Payment, Provider, State};
use super::money::{kopecks, roubles};
use super::page_url;
use super::signature::md5_hex;

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/robokassa/Merchant/Index.aspx", get(open).post(open_by_form))
        .route("/robokassa/Merchant/WebService/Service.asmx/OpStateExt", get(show_state))
}

/// The fields of a form, in order, decoded once.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The shop's own parameters, sorted by name, as they are signed.
    fn shop(&self) -> Vec<(String, String)> {
        let mut own: Vec<_> =
            self.0.iter().filter(|(name, _)| name.to_lowercase().starts_with("shp_")).cloned().collect();
        own.sort();
        own
    }
}

fn joined(parts: &[&str], shop: &[(String, String)]) -> String {
    let shop = shop.iter().map(|(name, value)| format!("{name}={value}"));
    parts.iter().map(|part| (*part).to_owned()).chain(shop).collect::<Vec<_>>().join(":")
}

fn error(code: u16, what: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"ru\"><meta charset=\"utf-8\"><title>Ошибка {code}</title>\
         <p>Песочница Robokassa: ошибка {code}. {what}</p></html>"
    );
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}

async fn open(desk: Shared<Desk>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    order(&desk, &headers, &Fields::of(query.unwrap_or_default().as_bytes()))
}

async fn open_by_form(desk: Shared<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    order(&desk, &headers, &Fields::of(&body))
}

fn order(desk: &Desk, headers: &HeaderMap, fields: &Fields) -> Response {
    let Some(shop) = desk.shop(|shop| fields.get("MerchantLogin") == shop.robokassa_login) else {
        return error(26, "Магазин не найден");
    };
    let Some(amount) = kopecks(fields.get("OutSum")).filter(|amount| *amount > 0) else {
        return error(31, "Неверная сумма платежа");
    };
    let Ok(number) = fields.get("InvId").parse::<u32>() else {
        return error(30, "Неверный номер счёта");
    };
    // Optional fields that were sent are signed in this order, before the password.
    let optional =
        ["UserIp", "Receipt", "ResultUrl2", "SuccessUrl2", "SuccessUrl2Method", "FailUrl2", "FailUrl2Method"];
    let mut parts = vec![fields.get("MerchantLogin"), fields.get("OutSum"), fields.get("InvId")];
    parts.extend(optional.into_iter().map(|name| fields.get(name)).filter(|value| !value.is_empty()));
    parts.push(&shop.robokassa_password1);
    let expected = md5_hex(&joined(&parts, &fields.shop()));
    if !expected.eq_ignore_ascii_case(fields.get("SignatureValue")) {
        return error(29, "Неверная подпись");
    }
    let invoice = number.to_string();
    let payment = desk.open(
        |payment| payment.is_of(Provider::Robokassa, &shop) && payment.id == invoice && payment.amount == amount,
        |page| {
            let mut extra = Map::new();
            for (name, value) in fields.shop() {
                extra.insert(name, value.into());
            }
            Payment {
                number: page,
                shop: shop.clone(),
                provider: Provider::Robokassa,
                id: invoice.clone(),
                order: invoice.clone(),
                amount,
                description: fields.get("Description").to_owned(),
                email: fields.get("Email").to_owned(),
                receipt: fields.get("Receipt").to_owned(),
                success_url: fields.get("SuccessUrl2").to_owned(),
                fail_url: fields.get("FailUrl2").to_owned(),
                state: State::Open,
                refunds: Vec::new(),
                test: fields.get("IsTest") == "1",
                extra,
                held_back: Vec::new(),
                last: Vec::new(),
                sent: VecDeque::new(),
            }
        },
    );
    Redirect::to(&page_url(headers, payment.number)).into_response()
}

async fn show_state(Shared(desk): Shared<Desk>, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::of(query.unwrap_or_default().as_bytes());
    let (login, invoice) = (fields.get("MerchantLogin"), fields.get("InvoiceID"));
    let result = |code: u16, more: &str| {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><OperationStateResponse xmlns=\"http://merchant.roboxchange.com/WebService/\">\
             <Result><Code>{code}</Code></Result>{more}</OperationStateResponse>"
        );
        ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
    };
    let Some(shop) = desk.shop(|shop| login == shop.robokassa_login) else { return result(2, "") };
    let expected = md5_hex(&joined(&[login, invoice, &shop.robokassa_password2], &[]));
    if !expected.eq_ignore_ascii_case(fields.get("Signature")) {
        return result(1, "");
    }
    let found =
        desk.find(|payment| payment.is_of(Provider::Robokassa, &shop) && payment.id == invoice && !payment.test);
    let Some(payment) = found else { return result(3, "") };
    let code = match payment.state {
        State::Paid if payment.refunded() > 0 => 60,
        State::Paid => 100,
        State::Open | State::Declined => 5,
        State::Canceled => 10,
    };
    let sum = format!("{}0000", roubles(payment.amount));
    let mut shop = String::new();
    for (name, value) in shop_fields(&payment) {
        // Writing to a string does not fail.
        let _ = write!(shop, "<Field><Name>{name}</Name><Value>{value}</Value></Field>");
    }
    let more = format!(
        "<State><Code>{code}</Code><RequestDate>2026-01-15T12:00:00.0000000+03:00</RequestDate>\
         <StateDate>2026-01-15T12:00:00.0000000+03:00</StateDate></State>\
         <Info><IncCurrLabel>BankCard</IncCurrLabel><IncSum>{sum}</IncSum><IncAccount>sandbox</IncAccount>\
         <PaymentMethod><Code>BankCard</Code><Description>Песочница</Description></PaymentMethod>\
         <OutCurrLabel>RUB</OutCurrLabel><OutSum>{sum}</OutSum><OpKey>sandbox-{invoice}</OpKey></Info>\
         <UserField>{shop}</UserField>"
    );
    result(0, &more)
}

/// The shop's own parameters of the order.
fn shop_fields(payment: &Payment) -> Vec<(String, String)> {
    let all = payment.extra.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
    Fields(all.collect()).shop()
}

/// Only payments are notified. The sum has six decimals, or two in test mode.
pub(super) fn notices(payment: &Payment, event: &Event) -> Vec<Notification> {
    if !matches!(event, Event::Paid) {
        return Vec::new();
    }
    let zeros = if payment.test { "" } else { "0000" };
    let sum = format!("{}{zeros}", roubles(payment.amount));
    let shop = shop_fields(payment);
    let signature = md5_hex(&joined(&[&sum, &payment.id, &payment.shop.robokassa_password2], &shop)).to_uppercase();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("OutSum", &sum)
        .append_pair("InvId", &payment.id)
        .append_pair("Fee", "0.00")
        .append_pair("EMail", &payment.email)
        .append_pair("SignatureValue", &signature)
        .append_pair("PaymentMethod", "BankCard")
        .append_pair("IncCurrLabel", "BankCard");
    if payment.test {
        form.append_pair("IsTest", "1");
    }
    form.extend_pairs(&shop);
    vec![Notification {
        what: "ResultURL".to_owned(),
        kind: "",
        url: None,
        content_type: "application/x-www-form-urlencoded",
        headers: Vec::new(),
        body: form.finish(),
        expected: Expected::Exactly(format!("OK{}", payment.id)),
    }]
}
