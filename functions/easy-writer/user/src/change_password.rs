//! `PUT /api/v1/user/password`

use axum::extract::State;
use domain::identity::NewPassword;
use edge::easy_writer::openapi::{BodyErrors, Errors, Failed, Success};
use edge::{Answer, Body, Caller, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The current and the new password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangePasswordBody {
    /// Current password.
    #[schema(example = "old123456")]
    current_password: String,
    /// New password, 8 to 128 characters.
    #[schema(example = "new123456", min_length = 8, max_length = 128)]
    new_password: String,
}

/// Confirmation.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasswordChangedView {
    /// Human-readable message.
    #[schema(example = "Password changed")]
    message: &'static str,
}

/// Change the password
///
/// Revokes all other sessions of the user.
#[utoipa::path(
    put,
    path = "/api/v1/user/password",
    tag = "user",
    operation_id = "change_password",
    request_body = ChangePasswordBody,
    security(("bearer" = [])),
    responses(
        Errors, BodyErrors,
        (status = 200, description = "Password changed", body = Success<PasswordChangedView>),
        (status = 401, description = "`INVALID_CREDENTIALS`, `TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 409, description = "`NO_PASSWORD`: the account signs in with an identity provider", body = Failed),
    )
)]
pub(crate) async fn change_password(
    State(state): State<crate::State>,
    caller: Caller,
    scope: RequestScope,
    Body(body): Body<ChangePasswordBody>,
) -> Answer<PasswordChangedView> {
    let (user, now) = (caller.user().to_string(), state.clock.now());
    scope.limit(&state.password_limit, &user).await?;
    let new = NewPassword::parse("new_password", body.new_password)?;
    state.accounts.change_password(caller.0, body.current_password, new, state.mailer.as_ref(), now).await?;
    Ok(Reply::ok(PasswordChangedView { message: "Password changed" }))
}
