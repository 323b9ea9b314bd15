//! The events that companies' servers can subscribe to, and their payloads.
//!
//! The payloads are the domain's and not the edge's: a payload is stored with its delivery in the transaction that
//! makes the event true, and every attempt signs and sends the stored bytes.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::deposits::roubles;
use super::ids::{CompanyId, KeyId};
use super::price::dollars;
use super::record::UsageMessage;
use crate::kernel::{Amount, Error, PaymentId, Result};
use crate::payments::{Payment, PaymentOutcome};

/// A payment is paid and credited.
pub const PAYMENT_SUCCEEDED: &str = "payment.succeeded";
/// A payment failed or expired.
pub const PAYMENT_FAILED: &str = "payment.failed";
/// A call is counted.
pub const USAGE_TRACKED: &str = "usage.tracked";

/// All events that a company can subscribe to.
pub const EVENTS: &[&str] = &[PAYMENT_SUCCEEDED, PAYMENT_FAILED, USAGE_TRACKED];

/// Payload of [`USAGE_TRACKED`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageTracked<'a> {
    company_id: CompanyId,
    /// The transaction of the call in the statement; the digits in the id of its answer.
    call_id: Uuid,
    /// `null` for calls with an access token.
    api_key_id: Option<KeyId>,
    model: &'a str,
    provider: &'a str,
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    cost: Box<RawValue>,
    currency: &'static str,
    created_at: String,
}

impl<'a> From<&'a UsageMessage> for UsageTracked<'a> {
    fn from(message: &'a UsageMessage) -> Self {
        let record = &message.record;
        let cost = RawValue::from_string(dollars(Amount::new(message.cost)));
        Self {
            company_id: message.company,
            call_id: message.operation,
            api_key_id: record.key,
            model: &record.model,
            provider: &record.provider,
            prompt_tokens: record.prompt_tokens,
            completion_tokens: record.completion_tokens,
            total_tokens: record.total_tokens(),
            cost: cost.unwrap_or_else(|_| RawValue::NULL.to_owned()),
            currency: "USD",
            created_at: format!("{:.3}", message.began_at()),
        }
    }
}

/// Payload of [`PAYMENT_SUCCEEDED`] and [`PAYMENT_FAILED`].
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentEnded<'a> {
    payment_id: PaymentId,
    amount: String,
    currency: &'static str,
    status: &'static str,
    /// `null` unless paid.
    credited_usd: Option<String>,
    exchange_rate: Option<&'a str>,
}

/// Event and payload of a payment's end.
pub fn describe_payment(payment: &Payment, how: PaymentOutcome) -> Result<(&'static str, Value)> {
    let (event, status, credited) = match how {
        PaymentOutcome::Paid => (PAYMENT_SUCCEEDED, "succeeded", Some(payment.credit)),
        PaymentOutcome::Unpaid => (PAYMENT_FAILED, "failed", None),
    };
    let payload = PaymentEnded {
        payment_id: payment.id,
        amount: roubles(payment.amount),
        currency: "RUB",
        status,
        credited_usd: credited.map(dollars),
        exchange_rate: payment.rate.as_deref(),
    };
    let payload = serde_json::to_value(payload).map_err(|error| Error::internal("event of a payment", error))?;
    Ok((event, payload))
}
