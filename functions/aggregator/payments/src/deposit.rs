//! `POST /api/v1/billing/deposit`

use axum::extract::State;
use domain::aggregator::{Permission, Sum, dollars, roubles};
use domain::kernel::Error;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, BodyErrors, Errors};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, Company, Exact, IdempotencyKey, Reply};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::wire::sum;

/// The only payment method: the provider's page, which offers cards and whatever else the shop accepts.
const CARD: &str = "card";

/// A new deposit.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepositBody {
    /// Amount in `currency`, at most two decimals.
    #[schema(value_type = f64, example = 50)]
    amount: Value,
    /// `USD` (default): amount to credit. `RUB`: amount to pay.
    #[schema(example = "USD")]
    currency: Option<String>,
    /// Payment method. Default and only value: `card`.
    #[schema(example = "card")]
    payment_method: Option<String>,
}

/// A deposit that awaits the payer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepositView {
    /// ID of the payment and of the resulting transaction.
    #[schema(format = Uuid)]
    transaction_id: String,
    /// Amount in `currency`.
    #[schema(value_type = f64, example = 50)]
    amount: Exact,
    /// Currency of the request.
    #[schema(example = "USD")]
    currency: &'static str,
    /// Always `pending`.
    #[schema(example = "pending")]
    status: &'static str,
    /// URL of the provider's payment page.
    #[schema(format = "uri", example = "https://yoomoney.ru/checkout/payments/v2/contract?orderId=2d5e")]
    payment_url: String,
    /// Amount to pay in roubles, with two decimals.
    #[schema(example = "4625.29")]
    amount_rub: String,
    /// Roubles per US dollar.
    #[schema(example = "92.5058")]
    exchange_rate: Option<String>,
}

/// Create a deposit
///
/// As `POST /payments`; an amount in US dollars is paid in roubles at the current exchange rate.
#[utoipa::path(
    post,
    path = "/api/v1/billing/deposit",
    tag = "billing",
    operation_id = "deposit",
    security(("bearer" = []), ("api_key" = [])),
    request_body = DepositBody,
    params(IdempotencyHeader),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 201, description = "Deposit created; redirect the payer to `paymentUrl`", body = DepositView),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `billing`", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`: the key was used with another body; `busy`: retry", body = AggregatorFailed),
        (status = 502, description = "`failed`: the payment provider refuses the payment", body = AggregatorFailed),
        (status = 503, description = "`payment_provider_unavailable`: the payment provider does not respond; `service_unavailable`: retry later", body = AggregatorFailed),
    )
)]
pub(crate) async fn deposit(
    State(state): State<crate::State>,
    Company(caller): Company,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<DepositBody>,
) -> Answer<DepositView> {
    caller.require(Permission::Billing)?;
    if body.payment_method.is_some_and(|method| method != CARD) {
        return Err(Error::invalid("paymentMethod", "not_allowed", "Ожидается card").into());
    }
    let sum = sum(&body.amount, body.currency.as_deref().unwrap_or("USD"))?;
    let checkout = state.deposits.create(caller.company, &sum, None, key).await?;
    let payment = checkout.payment;
    let (amount, currency) = match sum {
        Sum::Dollars(_) => (dollars(payment.credit), "USD"),
        Sum::Roubles(_) => (roubles(payment.amount), "RUB"),
    };
    Ok(Reply::created(DepositView {
        transaction_id: payment.id.to_string(),
        amount: Exact::new(amount),
        currency,
        status: "pending",
        payment_url: checkout.url,
        amount_rub: roubles(payment.amount),
        exchange_rate: payment.rate,
    }))
}
