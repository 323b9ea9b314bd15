//! ЮKassa, Robokassa, CloudPayments and T-Bank, with pages on which a person pays.
//!
//! Signatures are implemented independently of the products': each side verifies the other.

mod cloudpayments;
mod desk;
mod money;
mod pages;
mod robokassa;
mod signature;
mod tbank;
#[cfg(test)]
mod tests;
mod yookassa;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;

use crate::Options;
use desk::Desk;
use signature::sha256_hex;

/// A shop's credentials at its providers. Each product is a shop.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The product.
    pub shop: String,
    /// ЮKassa: id of the shop.
    pub yookassa_shop_id: String,
    /// ЮKassa: secret key.
    pub yookassa_secret_key: String,
    /// Robokassa: name of the shop.
    pub robokassa_login: String,
    /// Robokassa: signs orders.
    pub robokassa_password1: String,
    /// Robokassa: signs notifications.
    pub robokassa_password2: String,
    /// CloudPayments: public id.
    pub cloudpayments_public_id: String,
    /// CloudPayments: secret of the API, which also signs notifications.
    pub cloudpayments_api_secret: String,
    /// T-Bank: the terminal.
    pub tbank_terminal_key: String,
    /// T-Bank: its password.
    pub tbank_password: String,
    /// The shop's webhook URL, without the provider's name. May be set later.
    pub webhook: Arc<OnceLock<String>>,
}

impl Credentials {
    /// Credentials of `shop`, derived from the sandbox's key.
    pub fn of(api_key: &str, shop: &str) -> Self {
        let digest = |of: &str| sha256_hex(&format!("{api_key} {shop} {of}"));
        let secret = |of: &str| digest(of).chars().take(32).collect::<String>();
        let digits = |of: &str| {
            digest(of).bytes().take(6).fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 900_000) + 100_000
        };
        Self {
            shop: shop.to_owned(),
            yookassa_shop_id: digits("yookassa").to_string(),
            yookassa_secret_key: format!("test_{}", secret("yookassa")),
            robokassa_login: shop.to_owned(),
            robokassa_password1: secret("robokassa 1"),
            robokassa_password2: secret("robokassa 2"),
            cloudpayments_public_id: format!("pk_{}", secret("cloudpayments id")),
            cloudpayments_api_secret: secret("cloudpayments"),
            tbank_terminal_key: format!("1700000{}SANDBOX", digits("terminal")),
            tbank_password: secret("tbank"),
            webhook: Arc::default(),
        }
    }
}

/// The products that take payments.
const SHOPS: [&str; 2] = ["easy-writer", "aggregator"];

/// The shops of a sandbox with this key.
pub fn shops(api_key: &str) -> Vec<Credentials> {
    SHOPS.iter().map(|shop| Credentials::of(api_key, shop)).collect()
}

/// The providers' APIs and pages, each under its own path, and `/payments`.
pub(crate) fn router(options: &Options) -> Router {
    let desk = Desk::new(options.shops.clone().into(), Arc::clone(&options.clock));
    Router::new()
        .merge(yookassa::router())
        .merge(robokassa::router())
        .merge(cloudpayments::router())
        .merge(tbank::router())
        .merge(pages::router())
        .layer(DefaultBodyLimit::max(256 * 1024))
        .layer(map_response(mark))
        .with_state(desk)
}

async fn mark(mut response: Response) -> Response {
    response.headers_mut().insert("x-sandbox", HeaderValue::from_static("true"));
    response
}

/// URL of a payment's page, on the host that the caller used.
fn page_url(headers: &HeaderMap, number: u64) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}/payments/{number}")
}

/// Whether the caller has these credentials.
fn knows(headers: &HeaderMap, user: &str, password: &str) -> bool {
    let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    said.is_some_and(|said| said == signature::basic(user, password))
}

/// Seconds since 1970 as `2026-01-15T12:00:00.000Z`.
fn iso_time(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a date of the Gregorian calendar, by the formula of Fliegel and Van Flandern, counted from 1970.
    let l = days + 2_509_157;
    let n = 4 * l / 146_097;
    let l = l - (146_097 * n + 3) / 4;
    let i = 4000 * (l + 1) / 1_461_001;
    let l = l - 1461 * i / 4 + 31;
    let j = 80 * l / 2447;
    let day = l - 2447 * j / 80;
    let l = j / 11;
    let month = j + 2 - 12 * l;
    let year = 100 * (n - 49) + i + l;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}
