//! `GET /api/v1/auth/me`

use axum::extract::State;
use edge::easy_writer::openapi::{AuthErrors, Success, UnlimitedErrors};
use edge::{Answer, Caller, Reply};

use crate::wire::UserView;

/// Retrieve the current user
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    tag = "auth",
    operation_id = "show_me",
    security(("bearer" = [])),
    responses(
        UnlimitedErrors, AuthErrors,
        (status = 200, description = "The user", body = Success<UserView>),
    )
)]
pub(crate) async fn show_me(State(state): State<crate::State>, caller: Caller) -> Answer<UserView> {
    let me = state.accounts.me(caller.user()).await?;
    Ok(Reply::ok(UserView::new(me.user, me.balance)))
}
