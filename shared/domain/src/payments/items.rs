//! `PAYMENT#{payment}` / `INTENT` is a payment; `PAYMENT_EVENTS#{provider}#{provider's id}` holds one item for each
//! thing that the provider reported about it; `PAYMENTS` / `COUNTER` is the number of the last payment.
//!
//! Payments are in `gsi2` under `PAYMENTS_OF#{owner}`, in the order in which they were made.
//!
//! Payments whose end is not known are in the due index `OPEN_PAYMENTS#{shard}`, due when the provider is to be asked
//! about them.

use serde::{Deserialize, Serialize};
use store::Key;

use super::model::{Mismatch, Payment, State};
use super::provider::{PaymentEvent, PaymentUpdate, ProviderId, Refunded};
use crate::due::{DueIndex, DueKeys};
use crate::kernel::{Amount, PaymentId, Timestamp, UserId, from_epoch_millis};

const PREFIX: &str = "PAYMENT#";

/// Payments whose end is not known. Four shards: payments are fewer than jobs.
pub(super) const OPEN_PAYMENTS: DueIndex<PaymentId> =
    DueIndex::new("OPEN_PAYMENTS#", 4, |key| key.pk.strip_prefix(PREFIX)?.parse().ok());

pub(super) fn payment_key(payment: PaymentId) -> Key {
    Key::new(format!("{PREFIX}{payment}"), "INTENT")
}

pub(super) fn counter_key() -> Key {
    Key::new("PAYMENTS", "COUNTER")
}

fn event_key(provider: ProviderId, report: &PaymentUpdate, name: String) -> Key {
    Key::new(format!("PAYMENT_EVENTS#{provider}#{}", report.provider_payment), name)
}

pub(super) fn owner_partition(owner: UserId) -> String {
    format!("PAYMENTS_OF#{owner}")
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

/// A payment. The attribute names are spelled in `service`, `settlement` and `reconciliation` too, where they are
/// updated.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PaymentItem {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    due: DueKeys,
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
    /// The item of a new payment, due to be looked up at the provider at `due`.
    pub(super) fn new(payment: &Payment, due: Timestamp) -> Self {
        Self {
            key: payment_key(payment.id),
            due: OPEN_PAYMENTS.keys(payment.id.as_uuid(), due),
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

#[derive(Debug, Deserialize)]
pub(super) struct CounterItem {
    pub(super) last: i64,
}

/// One event that a provider reported about one of its payments.
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
    /// The record of a report that matches the payment: one for each event that can happen once.
    pub(super) fn agreed(provider: ProviderId, report: &PaymentUpdate, now: Timestamp) -> Self {
        let name = match &report.event {
            PaymentEvent::Authorized | PaymentEvent::Paid | PaymentEvent::Declined | PaymentEvent::Canceled => {
                event_name(&report.event).to_owned()
            }
            PaymentEvent::Refunded(Refunded::One { id }) => format!("REFUND#{id}"),
            PaymentEvent::Refunded(Refunded::InAll) => format!("REFUNDED#{}", report.amount),
        };
        Self::new(event_key(provider, report, name), report, now)
    }

    /// The record of a report that does not match, under a key that no matching one uses.
    pub(super) fn suspect(provider: ProviderId, report: &PaymentUpdate, suspicion: Mismatch, now: Timestamp) -> Self {
        let name = format!("SUSPECT#{}#{suspicion}#{}", event_name(&report.event), report.payment);
        Self::new(event_key(provider, report, name), report, now)
    }

    fn new(key: Key, report: &PaymentUpdate, now: Timestamp) -> Self {
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

/// The event's name in records and logs.
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
