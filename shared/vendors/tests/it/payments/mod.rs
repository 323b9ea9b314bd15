//! Payment providers: what they share here.

mod cloudpayments;
mod every_provider;
mod hostile;
mod robokassa;
mod tbank;
mod yookassa;

use std::net::IpAddr;

use domain::kernel::{Amount, PaymentId};
use domain::payments::provider::{
    Notification, NotificationError, Order, PaymentEvent, PaymentProvider, PaymentProviderError, PaymentRef,
    PaymentUpdate, WebhookRequest,
};
use serde_json::Value;
use vendors::payments::{
    CloudPayments, CloudPaymentsSettings, ReceiptSettings, Robokassa, RobokassaSettings, TBank, TBankSettings,
    Taxation, Vat, YooKassa, YooKassaSettings,
};
use vendors::{Secret, Timeouts};

use crate::fixtures::{KEY, TestClock};

/// Our id of the payment in these tests.
const PAYMENT: &str = "019be060-0000-7000-8000-000000000001";
/// What it costs in kopecks.
const KOPECKS: i64 = 99_000;
/// Robokassa's second password.
const PASSWORD2: &str = "testPass2";

fn payment() -> PaymentId {
    PAYMENT.parse().unwrap()
}

fn order() -> Order {
    Order {
        payment: payment(),
        number: 77,
        amount: Amount::new(KOPECKS),
        description: "Пополнение: 9900 \"райтов\"".to_owned(),
        email: Some("user+1@example.com".to_owned()),
        return_url: format!("https://app.example.com/pay?id={PAYMENT}&x=1"),
        created_at: "2026-01-21T11:49:35Z".parse().unwrap(),
        expires_at: "2026-01-21T12:49:35.250Z".parse().unwrap(),
    }
}

fn known(provider_payment: Option<&str>) -> PaymentRef {
    PaymentRef {
        payment: payment(),
        number: 77,
        provider_payment: provider_payment.map(str::to_owned),
        amount: Amount::new(KOPECKS),
    }
}

/// A report of the order, paid for in full with real money.
fn report(provider_payment: &str, event: PaymentEvent) -> PaymentUpdate {
    PaymentUpdate {
        payment: payment(),
        number: None,
        provider_payment: provider_payment.to_owned(),
        event,
        amount: Amount::new(KOPECKS),
        currency: "RUB".to_owned(),
        test: false,
    }
}

fn receipt() -> ReceiptSettings {
    ReceiptSettings { taxation: Some(Taxation::UsnIncome), ..ReceiptSettings::new(Vat::Vat5) }
}

fn yookassa_settings(url: &str, timeouts: Timeouts) -> YooKassaSettings {
    YooKassaSettings { base_url: format!("{url}/v3/"), timeouts, ..YooKassaSettings::new("123456", Secret::new(KEY)) }
}

fn yookassa(url: &str, timeouts: Timeouts) -> YooKassa {
    YooKassa::new(yookassa_settings(url, timeouts), TestClock::new())
}

fn robokassa_settings(url: &str, timeouts: Timeouts) -> RobokassaSettings {
    let passwords = (Secret::new("testPass1"), Secret::new(PASSWORD2));
    RobokassaSettings {
        service_url: format!("{url}/Service.asmx"),
        timeouts,
        ..RobokassaSettings::new("demo", passwords.0, passwords.1)
    }
}

fn robokassa(url: &str, timeouts: Timeouts) -> Robokassa {
    Robokassa::new(robokassa_settings(url, timeouts), TestClock::new())
}

fn cloudpayments_settings(url: &str, timeouts: Timeouts) -> CloudPaymentsSettings {
    let settings = CloudPaymentsSettings::new("pk_1", Secret::new("supersecret"));
    CloudPaymentsSettings { base_url: url.to_owned(), timeouts, ..settings }
}

fn cloudpayments(url: &str, timeouts: Timeouts) -> CloudPayments {
    CloudPayments::new(cloudpayments_settings(url, timeouts), TestClock::new())
}

fn tbank_settings(url: &str, timeouts: Timeouts) -> TBankSettings {
    let settings = TBankSettings::new("TinkoffBankTest", Secret::new("TinkoffBankTest"));
    TBankSettings { base_url: format!("{url}/v2"), timeouts, ..settings }
}

fn tbank(url: &str, timeouts: Timeouts) -> TBank {
    TBank::new(tbank_settings(url, timeouts), TestClock::new())
}

/// A webhook call.
#[derive(Default)]
struct Call<'a> {
    kind: &'a str,
    query: &'a str,
    content_type: &'a str,
    /// `Content-HMAC`.
    mac: Option<&'a str>,
    body: &'a [u8],
    source: Option<IpAddr>,
}

impl Call<'_> {
    async fn read_by(&self, provider: &dyn PaymentProvider) -> Result<Notification, NotificationError> {
        let header = |name: &str| self.mac.filter(|_| name == "content-hmac").map(str::to_owned);
        let &Call { kind, query, content_type, body, source, .. } = self;
        provider.read_notification(WebhookRequest { kind, query, content_type, header: &header, body, source }).await
    }
}

fn assert_forged(read: Result<Notification, NotificationError>, what: &str) {
    match read {
        Err(NotificationError::Forged(_)) => {}
        other => panic!("{what}: {other:?}"),
    }
}

fn assert_malformed(read: Result<Notification, NotificationError>, what: &str) {
    match read {
        Err(NotificationError::Malformed(_)) => {}
        other => panic!("{what}: {other:?}"),
    }
}

/// An object with some fields changed.
fn merged(mut object: Value, changes: Value) -> Value {
    match (&mut object, changes) {
        (Value::Object(fields), Value::Object(changes)) => fields.extend(changes),
        other => panic!("{other:?}"),
    }
    object
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn rejected<T: std::fmt::Debug>(result: Result<T, PaymentProviderError>) -> String {
    match result {
        Err(PaymentProviderError::Rejected(reason)) => reason,
        other => panic!("{other:?}"),
    }
}
