//! `POST /api/v1/payments/create`

use axum::extract::State;
use domain::easy_writer::{NewDeposit, whole_roubles};
use domain::payments::Checkout;
use edge::openapi::{Failed, Success};
use edge::{Answer, Body, Caller, IdempotencyKey, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A payment to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateBody {
    /// How much, in whole roubles: from 100 to 300 000.
    #[schema(value_type = i64, minimum = 100, maximum = 300_000, example = 500)]
    amount_rub: serde_json::Number,
    /// Who takes the money: an `id` of `GET /payments/methods`.
    #[schema(example = "yookassa")]
    provider: String,
}

/// A payment that can be paid.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckoutView {
    /// Id of the payment.
    #[schema(format = Uuid)]
    payment_id: String,
    /// The page where it is paid.
    #[schema(format = "uri", example = "https://yoomoney.ru/checkout/payments/v2/contract?orderId=2d5e")]
    payment_url: String,
    /// How much, in roubles.
    #[schema(example = 500)]
    amount_rub: i64,
    /// Raits that it buys.
    #[schema(example = 5000)]
    amount_raits: i64,
    /// Until when it should be paid.
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

/// Begin a payment
///
/// The raits come when the provider confirms the payment, whether the payer returns to the front end or not.
#[utoipa::path(
    post,
    path = "/api/v1/payments/create",
    tag = "payments",
    operation_id = "create_payment",
    request_body = CreateBody,
    security(("bearer" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours makes no other payment"),
    ),
    responses(
        (status = 200, description = "It can be paid", body = Success<CheckoutView>),
        (status = 400, description = "`INVALID_AMOUNT`; `VALIDATION_ERROR`; `PAYMENT_FAILED`: the provider does not take it", body = Failed),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 404, description = "`USER_NOT_FOUND`", body = Failed),
        (status = 409, description = "`IDEMPOTENCY_KEY_REUSED`: the key belongs to another request; `CONFLICT`: try again", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: the provider does not answer", body = Failed),
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
    scope.limit(&state.limiter, &state.create_limit, &user.to_string(), state.clock.now()).await?;
    let order = NewDeposit { roubles: body.amount_rub, provider: body.provider, idempotency_key };
    Ok(Reply::ok(state.deposits.create(user, order).await?.into()))
}
