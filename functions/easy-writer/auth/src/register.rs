//! `POST /api/v1/auth/register`

use axum::extract::State;
use domain::identity::{Email, NewPassword, Registration};
use edge::openapi::{Failed, Success};
use edge::{Answer, Body, ClientAddress, IdempotencyKey, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SignedInView;

/// A request to open an account.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegisterBody {
    /// Address that will identify the account, in any letter case.
    #[schema(example = "user@example.com")]
    email: String,
    /// 8 to 128 characters.
    #[schema(example = "pass123456", min_length = 8, max_length = 128)]
    password: String,
}

/// Open an account
///
/// The new user gets 100 raits and is signed in. A repeat with the same `Idempotency-Key` and body opens nothing and signs the same user in again.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "auth",
    operation_id = "register",
    params(("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours opens nothing")),
    request_body = RegisterBody,
    responses(
        (status = 201, description = "Account opened; sets the refresh cookie", body = Success<SignedInView>),
        (status = 400, description = "`EMAIL_EXISTS`, `VALIDATION_ERROR`", body = Failed),
        (status = 409, description = "`IDEMPOTENCY_KEY_REUSED`: the key was used with another body", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn register(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(body): Body<RegisterBody>,
) -> Answer<SignedInView> {
    scope.limit(&state.limiter, &state.limits.register, &address, state.clock.now()).await?;
    let registration =
        Registration { email: Email::parse(&body.email)?, password: NewPassword::parse("password", body.password)? };
    let (signed_in, balance) = state.accounts.register(registration, idempotency_key).await?;
    Ok(SignedInView::reply(Reply::created, signed_in, balance))
}
