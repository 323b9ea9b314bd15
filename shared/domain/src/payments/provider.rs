//! The port to payment providers.
//!
//! A provider module knows one company's protocol: it makes the page where people pay, and proves and reads what the
//! company tells. What that means for a payment is decided by the domain alone, which compares every report with what
//! was asked for.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::kernel::{Amount, PaymentId, Timestamp};

/// A payment provider, as named on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderId {
    /// ЮKassa.
    YooKassa,
    /// Robokassa.
    Robokassa,
    /// CloudPayments.
    CloudPayments,
    /// T-Bank acquiring.
    TBank,
}

impl ProviderId {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::YooKassa, Self::Robokassa, Self::CloudPayments, Self::TBank];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::YooKassa => "yookassa",
            Self::Robokassa => "robokassa",
            Self::CloudPayments => "cloudpayments",
            Self::TBank => "tbank",
        }
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No provider has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such payment provider")]
pub struct UnknownProvider;

impl FromStr for ProviderId {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == text).ok_or(UnknownProvider)
    }
}

/// What a provider is asked to take money for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Our id of the payment; the provider echoes it.
    pub payment: PaymentId,
    /// Our number of the payment: positive, unique within the product, for providers whose order numbers are integers.
    pub number: u32,
    /// Kopecks.
    pub amount: Amount,
    /// What is paid for, in the payer's words. At most 100 characters.
    pub description: String,
    /// Where the provider sends the receipt.
    pub email: Option<String>,
    /// Page of the front end that the payer comes back to.
    pub return_url: String,
    /// When the order was made.
    pub created_at: Timestamp,
    /// After this it should not be payable.
    pub expires_at: Timestamp,
}

/// An order that can be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The page where people pay.
    pub url: String,
    /// The provider's id of the payment, if there is one before it is paid.
    pub provider_payment: Option<String>,
}

/// A payment as we know it, for asking a provider about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRef {
    /// Our id.
    pub payment: PaymentId,
    /// Our number.
    pub number: u32,
    /// The provider's id, once known.
    pub provider_payment: Option<String>,
    /// What was asked for, in kopecks.
    pub amount: Amount,
}

/// A webhook call as it came in: nothing of it is trusted before the provider's module has proved it.
#[derive(Clone, Copy)]
pub struct WebhookRequest<'a> {
    /// What follows the provider's name in the path, for providers that tell kinds of notices apart by address. Empty
    /// if nothing does.
    pub kind: &'a str,
    /// The query string, still encoded; empty for a POST without one.
    pub query: &'a str,
    /// `Content-Type`; empty if there is none.
    pub content_type: &'a str,
    /// Gives the value of a header by its lower-case name.
    pub header: &'a (dyn Fn(&str) -> Option<String> + Send + Sync),
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// The address that the call came from, as the outermost trusted hop saw it.
    pub source: Option<IpAddr>,
}

/// A proved notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// Something happened to a payment.
    Update(PaymentUpdate),
    /// May this be paid? Asked before any money moves; the answer is the acknowledgement.
    PrePaymentCheck(PaymentUpdate),
    /// Nothing that matters here, such as a bound card.
    Irrelevant,
}

/// What a provider says about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentUpdate {
    /// Our id, as the provider echoes it.
    pub payment: PaymentId,
    /// Our number, where the provider echoes that too.
    pub number: Option<u32>,
    /// The provider's id of the payment.
    pub provider_payment: String,
    /// What happened.
    pub event: PaymentEvent,
    /// The amount of the payment (of the refund, for a refund), in kopecks.
    pub amount: Amount,
    /// ISO 4217 code, upper case.
    pub currency: String,
    /// No real money is behind it.
    pub test: bool,
}

/// What happened to a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentEvent {
    /// The money is reserved, not taken.
    Authorized,
    /// The money is ours.
    Paid,
    /// An attempt failed; the payer may try again.
    Declined,
    /// It will not be paid any more.
    Canceled,
    /// Money went back.
    Refunded(Refunded),
}

/// How a refund is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refunded {
    /// This one refund, with the provider's id of it; [`PaymentUpdate::amount`] is its amount.
    One {
        /// The provider's id of the refund.
        id: String,
    },
    /// [`PaymentUpdate::amount`] is what went back in all refunds so far; zero if the provider does not say how much, so that
    /// a person has to look.
    InAll,
}

/// What we make of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Noted, whatever came of it: the provider need not tell it again. For a question: yes.
    Accepted,
    /// We have no such payment.
    UnknownPayment,
    /// Not the amount or currency that was asked for.
    WrongAmount,
    /// It can no longer be paid.
    Expired,
    /// Not acceptable for another reason: paid already, a test where real money is expected, the reverse.
    Refused,
}

/// The answer that a provider wants, word for word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Body of an answer with status 200.
    pub body: String,
}

/// Why a notice is not believed or not understood.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// The signature, the sender's address or the merchant is wrong.
    #[error("notice is not proved: {0}")]
    Forged(&'static str),
    /// It is not what the provider's protocol says. Never quotes the notice.
    #[error("notice is malformed: {0}")]
    Malformed(String),
    /// It could not be checked now; the provider should repeat it.
    #[error("notice cannot be checked now: {0}")]
    Unchecked(#[from] PaymentProviderError),
}

/// Why a call to a provider led to nothing.
#[derive(Debug, thiserror::Error)]
pub enum PaymentProviderError {
    /// No answer in time.
    #[error("timed out")]
    TimedOut,
    /// 5xx, 429, connection failures, answers that break the protocol.
    #[error("failed: {0}")]
    Broken(String),
    /// The provider refuses: our credentials, our settings, or this order.
    #[error("refused: {0}")]
    Rejected(String),
}

/// A payment provider.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// Who this is.
    fn id(&self) -> ProviderId;

    /// Whether it is set up for payments without real money. Reports must agree.
    fn is_test(&self) -> bool;

    /// Makes the page where an order is paid. Repeating it for the same order must not make a second payment where the
    /// provider can tell.
    async fn open(&self, order: &Order) -> Result<Opened, PaymentProviderError>;

    /// Proves and reads a webhook call.
    async fn read_notification(&self, notice: WebhookRequest<'_>) -> Result<Notification, NotificationError>;

    /// The acknowledgement of a proved notice.
    fn acknowledge(&self, notice: &Notification, verdict: Verdict) -> Acknowledgement;

    /// Asks what became of a payment. Empty if the provider knows nothing of it, or nothing has happened to it, or it
    /// cannot be asked.
    async fn look_up(&self, payment: &PaymentRef) -> Result<Vec<PaymentUpdate>, PaymentProviderError>;
}

/// A provider by reference, as state holds it.
pub type SharedPaymentProvider = Arc<dyn PaymentProvider>;
