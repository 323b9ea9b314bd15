//! `POST /api/v1/payments`

use axum::extract::State;
use domain::aggregator::{Permission, roubles};
use domain::kernel::Error;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Body, Company, IdempotencyKey, Reply};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::wire::sum;

/// A payment to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreatePaymentBody {
    /// How much, in roubles with at most two decimals: from 100 to 300 000.
    #[schema(value_type = f64, minimum = 100, maximum = 300_000, example = 1000)]
    amount: Value,
    /// `RUB`, which it is without it too.
    #[schema(example = "RUB")]
    currency: Option<String>,
    /// What the provider shows, up to 100 characters.
    #[schema(example = "Пополнение баланса")]
    description: Option<String>,
}

/// A payment that can be paid.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckoutView {
    /// Id of the payment.
    #[schema(format = Uuid)]
    id: String,
    /// Always `pending`.
    #[schema(example = "pending")]
    status: &'static str,
    /// The page where it is paid.
    #[schema(format = "uri", example = "https://yoomoney.ru/checkout/payments/v2/contract?orderId=2d5e")]
    confirmation_url: String,
    /// How much, in roubles and kopecks.
    #[schema(example = "1000.00")]
    amount: String,
    /// Always `RUB`.
    #[schema(example = "RUB")]
    currency: &'static str,
}

/// Begin a payment
///
/// The money is on the account, in dollars at the rate of now, once the provider confirms the payment, whether the payer comes back or not.
#[utoipa::path(
    post,
    path = "/api/v1/payments",
    tag = "payments",
    operation_id = "create_payment",
    security(("bearer" = []), ("api_key" = [])),
    request_body = CreatePaymentBody,
    params(
        ("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours makes no other payment"),
    ),
    responses(
        (status = 201, description = "It can be paid", body = CheckoutView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `billing`", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`: the key belongs to another request; `busy`: try again", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
        (status = 502, description = "`failed`: the provider does not take it", body = AggregatorFailed),
        (status = 503, description = "`payment_provider_unavailable`: the provider does not answer", body = AggregatorFailed),
    )
)]
pub(crate) async fn create_payment(
    State(state): State<crate::State>,
    Company(caller): Company,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<CreatePaymentBody>,
) -> Answer<CheckoutView> {
    caller.require(Permission::Billing)?;
    let currency = body.currency.as_deref().unwrap_or("RUB");
    if currency != "RUB" {
        let message = "Платёж принимается в рублях; пополнение в долларах: POST /api/v1/billing/deposit";
        return Err(Error::invalid("currency", "not_allowed", message).into());
    }
    let sum = sum(&body.amount, currency)?;
    let checkout = state.deposits.create(caller.company, &sum, body.description, key).await?;
    Ok(Reply::created(CheckoutView {
        id: checkout.payment.id.to_string(),
        status: "pending",
        confirmation_url: checkout.url,
        amount: roubles(checkout.payment.amount),
        currency: "RUB",
    }))
}
