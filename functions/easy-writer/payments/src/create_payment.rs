//! `POST /api/v1/payments/create`

use axum::extract::State;
use domain::easy_writer::{NewDeposit, whole_roubles};
use domain::payments::Checkout;
use edge::easy_writer::openapi::{AuthErrors, BodyErrors, Errors, Failed, Success};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, Caller, IdempotencyKey, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A new payment.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateBody {
    /// Amount in whole roubles, 100 to 300000.
    #[schema(value_type = i64, minimum = 100, maximum = 300_000, example = 500)]
    amount_rub: serde_json::Number,
    /// Payment provider: an `id` of `GET /payments/methods`.
    #[schema(example = "yookassa")]
    provider: String,
}

/// A payment that awaits the payer.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckoutView {
    /// Payment ID.
    #[schema(format = Uuid)]
    payment_id: String,
    /// URL of the provider's payment page.
    #[schema(format = "uri", example = "https://yoomoney.ru/checkout/payments/v2/contract?orderId=2d5e")]
    payment_url: String,
    /// Amount, in roubles.
    #[schema(example = 500)]
    amount_rub: i64,
    /// Amount to credit, in raits.
    #[schema(example = 5000)]
    amount_raits: i64,
    /// Time by which the payment should be made.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl From<Checkout> for CheckoutView {
    fn from(checkout: Checkout) -> Self {
        Self {
            payment_id: checkout.payment.id.to_string(),
            payment_url: checkout.url,
            amount_rub: whole_roubles(checkout.payment.amount),
            amount_raits: checkout.payment.credit.units(),
            expires_at: checkout.payment.expires_at.to_string(),
        }
    }
}

/// Create a payment
///
/// Redirect the payer to `payment_url`. Raits are credited when the provider confirms the payment, whether or not the
/// payer returns.
#[utoipa::path(
    post,
    path = "/api/v1/payments/create",
    tag = "payments",
    operation_id = "create_payment",
    request_body = CreateBody,
    security(("bearer" = [])),
    params(IdempotencyHeader),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 200, description = "Payment created; redirect the payer to `payment_url`", body = Success<CheckoutView>),
        (status = 400, description = "`INVALID_AMOUNT`; `VALIDATION_ERROR`; `PAYMENT_FAILED`: the payment provider refuses the payment", body = Failed),
        (status = 404, description = "`USER_NOT_FOUND`", body = Failed),
        (status = 409, description = "`IDEMPOTENCY_KEY_REUSED`: the key was used with another body; `CONFLICT`: retry", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: the payment provider does not respond; `SERVICE_UNAVAILABLE`: retry later", body = Failed),
    )
)]
pub(crate) async fn create_payment(
    State(state): State<crate::State>,
    caller: Caller,
    scope: RequestScope,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(body): Body<CreateBody>,
) -> Answer<CheckoutView> {
    let user = caller.user();
    scope.limit(&state.limits.create, &user.to_string()).await?;
    let order = NewDeposit { roubles: body.amount_rub, provider: body.provider, idempotency_key };
    Ok(Reply::ok(state.deposits.create(user, order).await?.into()))
}
