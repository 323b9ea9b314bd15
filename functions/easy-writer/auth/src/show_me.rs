//! `GET /api/v1/auth/me`

use axum::extract::State;
use edge::openapi::{Failed, Success};
use edge::{Answer, Caller, Reply};

use crate::wire::UserView;

/// Who am I?
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    tag = "auth",
    operation_id = "show_me",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The user", body = Success<UserView>),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
    )
)]
pub(crate) async fn show_me(State(state): State<crate::State>, caller: Caller) -> Answer<UserView> {
    let me = state.accounts.me(caller.user()).await?;
    Ok(Reply::ok(UserView::new(me.user, me.balance)))
}
