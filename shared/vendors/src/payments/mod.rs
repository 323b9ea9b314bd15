//! Payment providers: [`YooKassa`], [`Robokassa`], [`CloudPayments`], [`TBank`].
//!
//! A provider's module makes the page where people pay, proves and reads notices, and asks what became of a payment.
//! What a report means for a payment is decided by [`domain::payments`] alone.
//!
//! | provider | how a notice is proved | what is acknowledged with |
//! |---|---|---|
//! | ЮKassa | it comes from a known address, and the object is read again from the API | anything |
//! | Robokassa | hash of amount, number and the second password | `OK{number}` |
//! | CloudPayments | HMAC-SHA-256 of the raw message in `Content-HMAC` | `{"code":0}`, or a reason not to pay |
//! | T-Bank | SHA-256 of all root values and the password | `OK` |
//!
//! Signatures are compared in constant time. Amounts are read from their digits, never through a float. None retries,
//! but for ЮKassa's answer 202, which asks for it.
//!
//! How failures are told ([`ProviderError`]):
//!
//! | what happens | error |
//! |---|---|
//! | a time-out of [`Timeouts`] runs out | `TimedOut` |
//! | connection failures, HTTP 408, 425, 429, 5xx, a malformed or oversized answer | `Broken` |
//! | any other HTTP 3xx (redirects are not followed) and 4xx; an answer that says no; settings that make no request | `Rejected` |
//!
//! Texts inside errors are at most about 300 characters long and hold no key, no e-mail address and nothing of a
//! notice; they may quote what the provider said.

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
use domain::payments::provider::{Acknowledgement, NoticeError, Opened, Order, ProviderError, SharedPaymentProvider};
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

/// The time-outs of providers: a person is waiting for the page to pay at, and the gateway gives up after 30 seconds. 3
/// seconds to connect, 10 to the first byte, 5 of silence, 20 in all.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(3),
    first_byte: Duration::from_secs(10),
    silence: Duration::from_secs(5),
    total: Duration::from_secs(20),
};

/// The longest answer that is read, in bytes.
const MAX_REPLY: usize = 256 * 1024;

/// ISO 4217 code of the only currency in which orders are made.
const ROUBLES: &str = "RUB";

/// The settings of all providers. A provider without settings is not configured and is not offered.
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
/// Costs nothing: connections come with the first call. Build them once per process and share them. `clock` dates the
/// waits that providers ask for.
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

/// Something that a provider sent does not read as its protocol says. The text quotes nothing of it.
#[derive(Debug, PartialEq, Eq)]
struct Unreadable(String);

impl Unreadable {
    fn new(reason: &str) -> Self {
        Self(reason.to_owned())
    }

    /// JSON that does not parse. Says where, not what.
    fn json(what: &str, error: &serde_json::Error) -> Self {
        Self(format!("{what}: {:?} error at column {}", error.classify(), error.column()))
    }
}

impl From<Unreadable> for NoticeError {
    fn from(Unreadable(reason): Unreadable) -> Self {
        Self::Malformed(reason)
    }
}

/// What it means that an answer does not read as the protocol says.
fn told_unreadable(Unreadable(reason): Unreadable) -> ProviderError {
    ProviderError::Broken(reason)
}

impl From<Failure> for ProviderError {
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

/// An answer that says no, in the provider's words without `secrets`.
fn refused(code: &str, message: &str, secrets: &[Secret]) -> ProviderError {
    let code = (!code.is_empty()).then_some(code);
    let complaint = Complaint::from_json(&json!({ "code": code, "message": message }), secrets);
    ProviderError::Rejected(complaint.describe())
}

/// An order with a page, if the provider's address of the page is one.
fn opened(url: &str, provider_payment: Option<&str>) -> Result<Opened, ProviderError> {
    let is_page = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    let opened = Opened { url: url.to_owned(), provider_payment: provider_payment.map(str::to_owned) };
    is_page.then_some(opened).ok_or_else(|| ProviderError::Broken("the page to pay at has no address".to_owned()))
}

/// What must not come back in an error: keys, and the payer's address.
fn secrets_of(key: &Secret, order: &Order) -> Vec<Secret> {
    let email = order.email.as_deref().map(Secret::new);
    [key.clone()].into_iter().chain(email).collect()
}

fn plain(body: impl Into<String>) -> Acknowledgement {
    Acknowledgement { content_type: "text/plain; charset=utf-8", body: body.into() }
}
