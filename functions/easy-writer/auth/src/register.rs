//! `POST /api/v1/auth/register`

use axum::extract::State;
use domain::identity::{Email, NewPassword, Registration};
use edge::easy_writer::openapi::{BodyErrors, Errors, Failed, Success};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, ClientAddress, IdempotencyKey, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SignedInView;

/// A new account.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RegisterBody {
    /// Email address, case-insensitive; identifies the account.
    #[schema(example = "user@example.com")]
    email: String,
    /// Password, 8 to 128 characters.
    #[schema(example = "pass123456", min_length = 8, max_length = 128)]
    password: String,
}

/// Create an account
///
/// Credits 100 raits and signs the user in. A repeat with the same `Idempotency-Key` and body creates nothing and signs
/// the same user in.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "auth",
    operation_id = "register",
    params(IdempotencyHeader),
    request_body = RegisterBody,
    responses(
        Errors, BodyErrors,
        (status = 201, description = "Account created; the refresh cookie is set", body = Success<SignedInView>),
        (status = 400, description = "`EMAIL_EXISTS`, `VALIDATION_ERROR`", body = Failed),
        (status = 409, description = "`IDEMPOTENCY_KEY_REUSED`: the key was used with another body", body = Failed),
    )
)]
pub(crate) async fn register(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(body): Body<RegisterBody>,
) -> Answer<SignedInView> {
    scope.limit(&state.limits.register, &address).await?;
    let registration =
        Registration { email: Email::parse(&body.email)?, password: NewPassword::parse("password", body.password)? };
    let (signed_in, balance) = state.accounts.register(registration, idempotency_key).await?;
    Ok(SignedInView::reply(Reply::created, signed_in, balance))
}
