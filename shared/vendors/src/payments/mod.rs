//! Payment providers: [`YooKassa`], [`Robokassa`], [`CloudPayments`], [`TBank`].
//!
//! A provider's module creates the payment page, verifies and parses notifications, and fetches the state of a payment.
//! What an update means for a payment is decided by [`domain::payments`] alone.
//!
//! | provider | verification of a notification | acknowledgement |
//! |---|---|---|
//! | ЮKassa | known source address, and the object is read again from the API | anything |
//! | Robokassa | hash of amount, number and the second password | `OK{number}` |
//! | CloudPayments | HMAC-SHA-256 of the raw message in `Content-HMAC` | `{"code":0}`, or a reason not to pay |
//! | T-Bank | SHA-256 of all root values and the password | `OK` |
//!
//! Signatures are compared in constant time. Amounts are read from their digits, never through a float. None retries,
//! except on ЮKassa's 202, which demands it.
//!
//! | event | [`PaymentProviderError`] |
//! |---|---|
//! | a time-out of [`Timeouts`] runs out | `TimedOut` |
//! | connection failures, HTTP 408, 425, 429, 5xx, a malformed or oversized answer | `Broken` |
//! | any other HTTP 3xx (redirects are not followed) and 4xx; an answer that declines; settings that make no request | `Rejected` |
//!
//! Messages are at most about 300 characters long and hold no key, no e-mail address and nothing of a notification;
//! they may quote the provider.

mod cloudpayments;
mod fields;
mod money;
mod receipt;
mod robokassa;
mod signature;
mod tbank;
mod variables;
mod yookassa;

use std::sync::Arc;
use std::time::Duration;

use domain::kernel::Clock;
use domain::payments::provider::{
    Acknowledgement, NotificationError, Opened, Order, PaymentProviderError, SharedPaymentProvider,
};
use reqwest::Url;
use serde_json::json;

use crate::http::{Complaint, Failure};
use crate::{Secret, Timeouts};

pub use cloudpayments::{CloudPayments, CloudPaymentsSettings};
pub use receipt::{ReceiptSettings, SettlementMethod, SettlementSubject, Taxation, UnknownWord, Vat};
pub use robokassa::{Robokassa, RobokassaSettings};
pub use signature::{SignatureHash, UnknownHash};
pub use tbank::{TBank, TBankSettings};
pub use yookassa::{YooKassa, YooKassaSettings};

/// Default time-outs: a person waits for the payment page, and API Gateway times out after 30 seconds.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(3),
    first_byte: Duration::from_secs(10),
    silence: Duration::from_secs(5),
    total: Duration::from_secs(20),
};

/// Longest answer that is read, in bytes.
const MAX_REPLY: usize = 256 * 1024;

/// ISO 4217 code of the currency of all orders.
const ROUBLES: &str = "RUB";

/// Settings of the providers. A provider without settings is not configured.
#[derive(Debug, Clone, Default)]
pub struct PaymentProvidersSettings {
    /// ЮKassa.
    pub yookassa: Option<YooKassaSettings>,
    /// Robokassa.
    pub robokassa: Option<RobokassaSettings>,
    /// CloudPayments.
    pub cloudpayments: Option<CloudPaymentsSettings>,
    /// T-Bank acquiring.
    pub tbank: Option<TBankSettings>,
}

/// The configured providers, in the order of [`ProviderId::ALL`](domain::payments::ProviderId::ALL).
///
/// Does no work: connections come with the first call. Build the providers once per process and share them.
pub fn payment_providers(settings: PaymentProvidersSettings, clock: &Arc<dyn Clock>) -> Vec<SharedPaymentProvider> {
    let PaymentProvidersSettings { yookassa, robokassa, cloudpayments, tbank } = settings;
    let mut providers: Vec<SharedPaymentProvider> = Vec::new();
    providers
        .extend(yookassa.map(|settings| Arc::new(YooKassa::new(settings, clock.clone())) as SharedPaymentProvider));
    providers
        .extend(robokassa.map(|settings| Arc::new(Robokassa::new(settings, clock.clone())) as SharedPaymentProvider));
    providers.extend(
        cloudpayments.map(|settings| Arc::new(CloudPayments::new(settings, clock.clone())) as SharedPaymentProvider),
    );
    providers.extend(tbank.map(|settings| Arc::new(TBank::new(settings, clock.clone())) as SharedPaymentProvider));
    providers
}

/// A provider's message that breaks its protocol. The text quotes nothing of it.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable(String);

impl Unreadable {
    fn new(reason: &str) -> Self {
        Self(reason.to_owned())
    }

    /// JSON that does not parse. Names the position, not the text.
    fn json(what: &str, error: &serde_json::Error) -> Self {
        Self(format!("{what}: {:?} error at column {}", error.classify(), error.column()))
    }
}

impl From<Unreadable> for NotificationError {
    fn from(Unreadable(reason): Unreadable) -> Self {
        Self::Malformed(reason)
    }
}

/// The error of an answer that breaks the protocol.
fn told_unreadable(Unreadable(reason): Unreadable) -> PaymentProviderError {
    PaymentProviderError::Broken(reason)
}

impl From<Failure> for PaymentProviderError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => Self::TimedOut,
            Failure::Broken(reason) => Self::Broken(reason),
            Failure::Misconfigured(reason) => Self::Rejected(reason),
            Failure::Answered(answer) => match answer.status {
                408 | 425 | 429 | 500.. => Self::Broken(answer.describe()),
                _ => Self::Rejected(answer.describe()),
            },
        }
    }
}

/// An answer that declines, in the provider's words without `secrets`.
fn refused(code: &str, message: &str, secrets: &[Secret]) -> PaymentProviderError {
    let code = (!code.is_empty()).then_some(code);
    let complaint = Complaint::from_json(&json!({ "code": code, "message": message }), secrets);
    PaymentProviderError::Rejected(complaint.describe())
}

/// A created payment, if the provider's page URL is valid.
fn opened(url: &str, provider_payment: Option<&str>) -> Result<Opened, PaymentProviderError> {
    let is_page = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    let opened = Opened { url: url.to_owned(), provider_payment: provider_payment.map(str::to_owned) };
    is_page
        .then_some(opened)
        .ok_or_else(|| PaymentProviderError::Broken("the page to pay at has no address".to_owned()))
}

/// What errors must not contain: keys, and the payer's e-mail address.
fn secrets_of(key: &Secret, order: &Order) -> Vec<Secret> {
    let email = order.email.as_deref().map(Secret::new);
    [key.clone()].into_iter().chain(email).collect()
}

fn plain(body: impl Into<String>) -> Acknowledgement {
    Acknowledgement { content_type: "text/plain; charset=utf-8", body: body.into() }
}
