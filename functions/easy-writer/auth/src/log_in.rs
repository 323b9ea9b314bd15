//! `POST /api/v1/auth/login`

use axum::extract::State;
use edge::easy_writer::openapi::{BodyErrors, Errors, Failed, Success};
use edge::{Answer, Body, ClientAddress, Reply, RequestScope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::SignedInView;

/// Credentials of a user.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LogInBody {
    /// Email address, case-insensitive.
    #[schema(example = "user@example.com")]
    email: String,
    #[schema(example = "pass123456")]
    password: String,
}

/// Sign in
///
/// Failed attempts are limited per network and account, and per network. Attempts from other networks do not count, so
/// an account cannot be locked by others.
#[utoipa::path(
    post,
    path = "/api/v1/auth/login",
    tag = "auth",
    operation_id = "log_in",
    request_body = LogInBody,
    responses(
        Errors, BodyErrors,
        (status = 200, description = "Signed in; the refresh cookie is set", body = Success<SignedInView>),
        (status = 401, description = "`INVALID_CREDENTIALS`: unknown email address or wrong password", body = Failed),
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
