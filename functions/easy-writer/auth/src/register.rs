//! `POST /api/v1/auth/register`

use axum::extract::State;
use domain::identity::{Email, NewPassword, Registration};
use edge::openapi::{Failed, Success};
use edge::{Answer, Body, ClientAddress, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SessionView;

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
/// The new user gets 100 raits and is signed in.
#[utoipa::path(
    post,
    path = "/api/v1/auth/register",
    tag = "auth",
    operation_id = "register",
    request_body = RegisterBody,
    responses(
        (status = 201, description = "Account opened; sets the refresh cookie", body = Success<SessionView>),
        (status = 400, description = "`EMAIL_EXISTS`, `VALIDATION_ERROR`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn register(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    Body(body): Body<RegisterBody>,
) -> Answer<SessionView> {
    scope.limit(&state.limiter, &state.limits.register, &address, state.clock.now()).await?;
    let registration =
        Registration { email: Email::parse(&body.email)?, password: NewPassword::parse("password", body.password)? };
    let (signed_in, balance) = state.accounts.register(registration).await?;
    Ok(SessionView::reply(Reply::created, signed_in, balance))
}
