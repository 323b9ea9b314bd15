//! `POST /api/v1/auth/logout`

use axum::extract::State;
use edge::openapi::Success;
use edge::{Answer, Cookies, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{REFRESH_COOKIE, cleared_cookie};

/// A farewell.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedOutView {
    /// For people.
    #[schema(example = "Logged out")]
    message: &'static str,
}

/// Sign out
///
/// Ends the sign-in of the refresh cookie. Signing out twice, or without a cookie, is fine.
#[utoipa::path(
    post,
    path = "/api/v1/auth/logout",
    tag = "auth",
    operation_id = "log_out",
    responses((status = 200, description = "Signed out; removes the refresh cookie", body = Success<LoggedOutView>))
)]
pub(crate) async fn log_out(State(state): State<crate::State>, cookies: Cookies) -> Answer<LoggedOutView> {
    if let Some(token) = cookies.get(REFRESH_COOKIE) {
        state.identity.sign_out(token).await?;
    }
    Ok(Reply::ok(LoggedOutView { message: "Logged out" }).cookie(&cleared_cookie()))
}
