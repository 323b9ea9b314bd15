//! What several endpoints take or return.

use domain::aggregator::{PaymentStatus, Sum, dollars, roubles};
use domain::kernel::{Error, Timestamp};
use domain::payments::{PAYMENT_AMOUNT, Payment};
use edge::Exact;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A payment.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentView {
    /// Payment ID; also the ID of the resulting transaction.
    #[schema(format = Uuid)]
    id: String,
    /// Status: `pending`, `succeeded`, `failed` (refused by the provider) or `canceled` (expired unpaid). A late
    /// payment still becomes `succeeded`.
    #[schema(example = "succeeded")]
    status: &'static str,
    /// Amount in roubles, with two decimals.
    #[schema(example = "1000.00")]
    amount: String,
    /// Always `RUB`.
    #[schema(example = "RUB")]
    currency: &'static str,
    /// Amount to credit, in US dollars.
    #[schema(value_type = f64, example = 10.81)]
    credit_usd: Exact,
    /// Roubles per US dollar at creation.
    #[schema(example = "92.5058")]
    exchange_rate: Option<String>,
    /// Amount refunded to the payer, in roubles. Omitted if none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "250.00")]
    refunded: Option<String>,
    /// Payment ID at YooKassa.
    #[schema(example = "2d5e1f0a-000f-5000-8000-1b68e7b15f3f")]
    yookassa_id: Option<String>,
    /// URL of the provider's payment page. Only while `pending`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri")]
    confirmation_url: Option<String>,
    /// Creation time.
    #[schema(format = DateTime)]
    created_at: String,
    /// Time of the credit; null if not credited.
    #[schema(format = DateTime)]
    paid_at: Option<String>,
}

impl PaymentView {
    pub(crate) fn new(payment: Payment, now: Timestamp) -> Self {
        let status = PaymentStatus::of(&payment, now);
        Self {
            id: payment.id.to_string(),
            status: status.as_str(),
            amount: roubles(payment.amount),
            currency: "RUB",
            credit_usd: Exact::new(dollars(payment.credit)),
            exchange_rate: payment.rate,
            refunded: payment.refunded.is_positive().then(|| roubles(payment.refunded)),
            yookassa_id: payment.provider_payment,
            confirmation_url: payment.url.filter(|_| status == PaymentStatus::Pending),
            created_at: format!("{:.3}", payment.created_at),
            paid_at: payment.paid_at.map(|at| format!("{at:.3}")),
        }
    }
}

/// An amount in JSON: a number, or a string with one.
pub(crate) fn sum(amount: &Value, currency: &str) -> Result<Sum, Error> {
    let text = match amount {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(Error::invalid("amount", PAYMENT_AMOUNT, "Ожидается сумма")),
    };
    match currency {
        "RUB" => Ok(Sum::Roubles(text)),
        "USD" => Ok(Sum::Dollars(text)),
        _ => Err(Error::invalid("currency", "not_allowed", "Ожидается RUB или USD")),
    }
}
