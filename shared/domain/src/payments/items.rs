//! `PAYMENT#{payment}` / `INTENT` is a payment; `PAYMENT_EVENTS#{provider}#{provider's id}` holds one item for each thing that the provider
//! reported about it; `PAYMENTS` / `COUNTER` numbers the payments.
//!
//! Payments are in `gsi2` under `PAYMENTS_OF#{owner}`, in the order in which they were made.
//!
//! Payments whose end is not known are in `gsi1` under `OPEN_PAYMENTS#{shard}`, ordered by the time when the provider is to be asked about them.
//! Four shards, by the last digits of the id: payments are fewer than jobs.

use serde::{Deserialize, Serialize};
use store::Key;

use super::model::{Payment, State, Suspicion};
use super::provider::{PaymentEvent, ProviderId, Refunded, Report};
use crate::kernel::{Amount, Error, PaymentId, Result, Timestamp, UserId, from_epoch_millis};

const PREFIX: &str = "PAYMENT#";
pub(super) const SHARDS: u8 = 4;

pub(super) fn payment_key(payment: PaymentId) -> Key {
    Key::new(format!("{PREFIX}{payment}"), "INTENT")
}

pub(super) fn counter_key() -> Key {
    Key::new("PAYMENTS", "COUNTER")
}

fn event_key(provider: ProviderId, report: &Report, name: String) -> Key {
    Key::new(format!("PAYMENT_EVENTS#{provider}#{}", report.provider_payment), name)
}

pub(super) fn shard_partition(shard: u8) -> String {
    format!("OPEN_PAYMENTS#{shard:x}")
}

pub(super) fn open_partition(payment: PaymentId) -> String {
    let last_byte = payment.as_uuid().as_bytes().last().copied().unwrap_or_default();
    shard_partition(last_byte % SHARDS)
}

pub(super) fn owner_partition(owner: UserId) -> String {
    format!("PAYMENTS_OF#{owner}")
}

pub(super) fn due_sort_key(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}

/// `state` of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StoredState {
    Created,
    Open,
    Authorized,
    Paid,
    Refused,
    Canceled,
    Expired,
}

impl From<State> for StoredState {
    fn from(state: State) -> Self {
        match state {
            State::Created => Self::Created,
            State::Open => Self::Open,
            State::Authorized => Self::Authorized,
            State::Paid => Self::Paid,
            State::Refused => Self::Refused,
            State::Canceled => Self::Canceled,
            State::Expired => Self::Expired,
        }
    }
}

impl From<StoredState> for State {
    fn from(state: StoredState) -> Self {
        match state {
            StoredState::Created => Self::Created,
            StoredState::Open => Self::Open,
            StoredState::Authorized => Self::Authorized,
            StoredState::Paid => Self::Paid,
            StoredState::Refused => Self::Refused,
            StoredState::Canceled => Self::Canceled,
            StoredState::Expired => Self::Expired,
        }
    }
}

/// A payment. The attribute names are spelled in `service`, `settlement` and `reconciliation` too, where they are updated.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PaymentItem {
    #[serde(flatten)]
    key: Key,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gsi1pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gsi1sk: Option<String>,
    gsi2pk: String,
    gsi2sk: PaymentId,
    payment: PaymentId,
    number: u32,
    owner: UserId,
    provider: ProviderId,
    test: bool,
    /// Kopecks.
    amount: i64,
    credit: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    title: String,
    refund_title: String,
    state: StoredState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_payment: Option<String>,
    /// Milliseconds since 1970. Not `expires_at`, which would have the item removed.
    created_at: i64,
    payable_until: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paid_at: Option<i64>,
    /// Kopecks.
    #[serde(default)]
    refunded: i64,
    #[serde(default)]
    debited: i64,
    #[serde(default)]
    debt: i64,
    #[serde(default)]
    checks: u32,
}

impl PaymentItem {
    /// The item of a fresh payment, which the provider is to be asked about at `due`.
    pub(super) fn new(payment: &Payment, due: Timestamp) -> Self {
        Self {
            key: payment_key(payment.id),
            gsi1pk: Some(open_partition(payment.id)),
            gsi1sk: Some(due_sort_key(due)),
            gsi2pk: owner_partition(payment.owner),
            gsi2sk: payment.id,
            payment: payment.id,
            number: payment.number,
            owner: payment.owner,
            provider: payment.provider,
            test: payment.test,
            amount: payment.amount.units(),
            credit: payment.credit.units(),
            rate: payment.rate.clone(),
            title: payment.title.clone(),
            refund_title: payment.refund_title.clone(),
            state: payment.state.into(),
            url: payment.url.clone(),
            provider_payment: payment.provider_payment.clone(),
            created_at: payment.created_at.as_millisecond(),
            payable_until: payment.expires_at.as_millisecond(),
            paid_at: payment.paid_at.map(Timestamp::as_millisecond),
            refunded: payment.refunded.units(),
            debited: payment.debited.units(),
            debt: payment.debt.units(),
            checks: payment.checks,
        }
    }
}

impl From<PaymentItem> for Payment {
    fn from(item: PaymentItem) -> Self {
        Self {
            id: item.payment,
            number: item.number,
            owner: item.owner,
            provider: item.provider,
            test: item.test,
            amount: Amount::new(item.amount),
            credit: Amount::new(item.credit),
            rate: item.rate,
            title: item.title,
            refund_title: item.refund_title,
            state: item.state.into(),
            url: item.url,
            provider_payment: item.provider_payment,
            created_at: from_epoch_millis(item.created_at),
            expires_at: from_epoch_millis(item.payable_until),
            paid_at: item.paid_at.map(from_epoch_millis),
            refunded: Amount::new(item.refunded),
            debited: Amount::new(item.debited),
            debt: Amount::new(item.debt),
            checks: item.checks,
        }
    }
}

/// An open payment as its index entry knows it: the index holds keys only.
#[derive(Debug, Deserialize)]
pub(super) struct OpenPaymentItem {
    #[serde(flatten)]
    key: Key,
    pub(super) gsi1sk: String,
}

impl OpenPaymentItem {
    /// The id, which the key consists of.
    pub(super) fn id(&self) -> Result<PaymentId> {
        let id = self.key.pk.strip_prefix(PREFIX).and_then(|id| id.parse().ok());
        id.ok_or_else(|| Error::internal("open payment", "index entry of something else"))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct CounterItem {
    pub(super) last: i64,
}

/// One thing that a provider reported about one of its payments.
#[derive(Debug, Serialize)]
pub(super) struct EventItem {
    #[serde(flatten)]
    key: Key,
    payment: PaymentId,
    /// Kopecks; of the refund, for a refund.
    amount: i64,
    currency: String,
    test: bool,
    /// Milliseconds since 1970.
    reported_at: i64,
}

impl EventItem {
    /// The record of a report that agrees with the payment. There is one for each thing that can happen once.
    pub(super) fn agreed(provider: ProviderId, report: &Report, now: Timestamp) -> Self {
        let name = match &report.event {
            PaymentEvent::Authorized | PaymentEvent::Paid | PaymentEvent::Declined | PaymentEvent::Canceled => {
                event_name(&report.event).to_owned()
            }
            PaymentEvent::Refunded(Refunded::One { id }) => format!("REFUND#{id}"),
            PaymentEvent::Refunded(Refunded::InAll) => format!("REFUNDED#{}", report.amount),
        };
        Self::new(event_key(provider, report, name), report, now)
    }

    /// The record of a report that does not. It is out of the way of one that does.
    pub(super) fn suspect(provider: ProviderId, report: &Report, suspicion: Suspicion, now: Timestamp) -> Self {
        let name = format!("SUSPECT#{}#{suspicion}#{}", event_name(&report.event), report.payment);
        Self::new(event_key(provider, report, name), report, now)
    }

    fn new(key: Key, report: &Report, now: Timestamp) -> Self {
        Self {
            key,
            payment: report.payment,
            amount: report.amount.units(),
            currency: report.currency.clone(),
            test: report.test,
            reported_at: now.as_millisecond(),
        }
    }
}

/// A word for records and logs.
pub(super) const fn event_name(event: &PaymentEvent) -> &'static str {
    match event {
        PaymentEvent::Authorized => "AUTHORIZED",
        PaymentEvent::Paid => "PAID",
        PaymentEvent::Declined => "DECLINED",
        PaymentEvent::Canceled => "CANCELED",
        PaymentEvent::Refunded(Refunded::One { .. }) => "REFUND",
        PaymentEvent::Refunded(Refunded::InAll) => "REFUNDED",
    }
}
