//! `POST /api/v1/auth/logout`

use axum::extract::State;
use edge::easy_writer::openapi::{Success, UnlimitedErrors};
use edge::{Answer, Cookies, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{REFRESH_COOKIE, cleared_cookie};

/// Confirmation.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedOutView {
    /// Human-readable message.
    #[schema(example = "Logged out")]
    message: &'static str,
}

/// Sign out
///
/// Ends the session of the refresh cookie. Succeeds without a cookie, too.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "auth",
    operation_id = "log_out",
    responses(
        UnlimitedErrors,
        (status = 200, description = "Signed out; the refresh cookie is removed", body = Success<LoggedOutView>),
    )
)]
pub(crate) async fn log_out(State(state): State<crate::State>, cookies: Cookies) -> Answer<LoggedOutView> {
    if let Some(token) = cookies.get(REFRESH_COOKIE) {
        state.identity.sign_out(token).await?;
    }
    Ok(Reply::ok(LoggedOutView { message: "Logged out" }).cookie(&cleared_cookie()))
}
