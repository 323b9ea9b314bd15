//! `POST /api/v1/auth/login`

use axum::extract::State;
use edge::openapi::{Failed, Success};
use edge::{Answer, Body, ClientAddress, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SignedInView;

/// E-mail and password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LogInBody {
    /// Address of the account, in any letter case.
    #[schema(example = "user@example.com")]
    email: String,
    /// The password.
    #[schema(example = "pass123456")]
    password: String,
}

/// Sign in
///
/// Failures are limited: those of one network with one account, and those of one network with all accounts. What fails elsewhere does not count,
/// so nobody can lock somebody else out.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    operation_id = "log_in",
    request_body = LogInBody,
    responses(
        (status = 200, description = "Signed in; sets the refresh cookie", body = Success<SignedInView>),
        (status = 400, description = "`VALIDATION_ERROR`", body = Failed),
        (status = 401, description = "`INVALID_CREDENTIALS`: address unknown or password wrong, not told which", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn log_in(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    Body(body): Body<LogInBody>,
) -> Answer<SignedInView> {
    let attempt = state.log_ins.attempt(&address, &body.email, state.clock.now());
    scope.limited(attempt.count().await)?;
    let (signed_in, balance) = state.accounts.sign_in(&body.email, body.password).await?;
    attempt.succeeded().await?;
    Ok(SignedInView::reply(Reply::ok, signed_in, balance))
}
