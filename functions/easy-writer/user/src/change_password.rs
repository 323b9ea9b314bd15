//! `PUT /api/v1/user/password`

use axum::extract::State;
use domain::identity::NewPassword;
use edge::openapi::{Failed, Success};
use edge::{Answer, Body, Caller, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangePasswordBody {
    /// The password so far.
    #[schema(example = "old123456")]
    current_password: String,
    /// 8 to 128 characters.
    #[schema(example = "new123456", min_length = 8, max_length = 128)]
    new_password: String,
}

/// A confirmation.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasswordChangedView {
    /// For people.
    #[schema(example = "Password changed")]
    message: &'static str,
}

/// Change the password
///
/// Ends all other sign-ins of the user.
#[utoipa::path(
    put,
    path = "/api/v1/user/password",
    tag = "user",
    operation_id = "change_password",
    request_body = ChangePasswordBody,
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Changed", body = Success<PasswordChangedView>),
        (status = 400, description = "`VALIDATION_ERROR`", body = Failed),
        (status = 401, description = "`INVALID_CREDENTIALS`, `TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 409, description = "`NO_PASSWORD`: the account signs in through a provider", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn change_password(
    State(state): State<crate::State>,
    caller: Caller,
    scope: RequestScope,
    Body(body): Body<ChangePasswordBody>,
) -> Answer<PasswordChangedView> {
    let (user, now) = (caller.user().to_string(), state.clock.now());
    scope.limit(&state.limiter, &state.password_limit, &user, now).await?;
    let new = NewPassword::parse("new_password", body.new_password)?;
    state.accounts.change_password(caller.0, body.current_password, new, state.mailer.as_ref(), now).await?;
    Ok(Reply::ok(PasswordChangedView { message: "Password changed" }))
}
