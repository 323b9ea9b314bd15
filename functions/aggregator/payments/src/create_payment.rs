//! `POST /api/v1/payments`

use axum::extract::State;
use domain::aggregator::{Permission, roubles};
use domain::kernel::Error;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, BodyErrors, Errors};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, Company, IdempotencyKey, Reply};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::wire::sum;

/// A new payment.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreatePaymentBody {
    /// Amount in roubles, 100 to 300000, at most two decimals.
    #[schema(value_type = f64, minimum = 100, maximum = 300_000, example = 1000)]
    amount: Value,
    /// Currency. Default and only value: `RUB`.
    #[schema(example = "RUB")]
    currency: Option<String>,
    /// Description shown by the payment provider, up to 100 characters.
    #[schema(example = "Пополнение баланса")]
    description: Option<String>,
}

/// A payment that awaits the payer.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckoutView {
    /// Payment ID.
    #[schema(format = Uuid)]
    id: String,
    /// Always `pending`.
    #[schema(example = "pending")]
    status: &'static str,
    /// URL of the provider's payment page.
    #[schema(format = "uri", example = "https://yoomoney.ru/checkout/payments/v2/contract?orderId=2d5e")]
    confirmation_url: String,
    /// Amount in roubles, with two decimals.
    #[schema(example = "1000.00")]
    amount: String,
    /// Always `RUB`.
    #[schema(example = "RUB")]
    currency: &'static str,
}

/// Create a payment
///
/// Redirect the payer to `confirmationUrl`. The account is credited in US dollars, at the exchange rate of the
/// payment's creation, when the provider confirms the payment, whether or not the payer returns.
#[utoipa::path(
    post,
    path = "/api/v1/payments",
    tag = "payments",
    operation_id = "create_payment",
    security(("bearer" = []), ("api_key" = [])),
    request_body = CreatePaymentBody,
    params(IdempotencyHeader),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 201, description = "Payment created; redirect the payer to `confirmationUrl`", body = CheckoutView),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `billing`", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`: the key was used with another body; `busy`: retry", body = AggregatorFailed),
        (status = 502, description = "`failed`: the payment provider refuses the payment", body = AggregatorFailed),
        (status = 503, description = "`payment_provider_unavailable`: the payment provider does not respond; `service_unavailable`: retry later", body = AggregatorFailed),
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
