//! `POST /api/v1/billing/deposit`

use axum::extract::State;
use domain::aggregator::{Permission, Sum, dollars, roubles};
use domain::kernel::Error;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Body, Company, Exact, IdempotencyKey, Reply};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::wire::sum;

/// The one way to pay: the provider's page, which offers cards and what else the shop has.
const CARD: &str = "card";

/// Money to be put on the account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepositBody {
    /// How much, with at most two decimals.
    #[schema(value_type = f64, example = 50)]
    amount: Value,
    /// `USD`, which it is without it too: that much is credited. `RUB`: that much is paid.
    #[schema(example = "USD")]
    currency: Option<String>,
    /// `card`, which it is without it too.
    #[schema(example = "card")]
    payment_method: Option<String>,
}

/// Money that can be paid.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DepositView {
    /// Id of the transaction that it becomes; also that of the payment.
    #[schema(format = Uuid)]
    transaction_id: String,
    /// How much, in `currency`.
    #[schema(value_type = f64, example = 50)]
    amount: Exact,
    /// As asked for.
    #[schema(example = "USD")]
    currency: &'static str,
    /// Always `pending`.
    #[schema(example = "pending")]
    status: &'static str,
    /// The page where it is paid.
    #[schema(format = "uri", example = "https://yoomoney.ru/checkout/payments/v2/contract?orderId=2d5e")]
    payment_url: String,
    /// What is paid there, in roubles and kopecks.
    #[schema(example = "4625.29")]
    amount_rub: String,
    /// Roubles for a dollar.
    #[schema(example = "92.5058")]
    exchange_rate: Option<String>,
}

/// Put money on the account
///
/// As `POST /payments`, but the amount can be in dollars: it is paid in roubles at the rate of now.
#[utoipa::path(
    post,
    path = "/api/v1/billing/deposit",
    tag = "billing",
    operation_id = "deposit",
    security(("bearer" = []), ("api_key" = [])),
    request_body = DepositBody,
    params(
        ("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours makes no other payment"),
    ),
    responses(
        (status = 201, description = "It can be paid", body = DepositView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `billing`", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`: the key belongs to another request; `busy`: try again", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
        (status = 502, description = "`failed`: the provider does not take it", body = AggregatorFailed),
        (status = 503, description = "`payment_provider_unavailable`: the provider does not answer", body = AggregatorFailed),
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
