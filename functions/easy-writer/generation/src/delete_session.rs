//! `DELETE /api/v1/generation/sessions/{session_id}`

use axum::extract::State;
use edge::openapi::{Failed, Success};
use edge::{Answer, Caller, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::session_id;

/// A confirmation.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeletedView {
    /// For people.
    #[schema(example = "Deleted")]
    message: &'static str,
}

/// Delete a session
///
/// A session that is still running is stopped, and nothing is charged for it. Transactions stay.
#[utoipa::path(
    delete,
    path = "/api/v1/generation/sessions/{session_id}",
    tag = "generation",
    operation_id = "delete_session",
    security(("bearer" = [])),
    params(("session_id" = String, Path, description = "Id of the session")),
    responses(
        (status = 200, description = "Deleted", body = Success<DeletedView>),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 404, description = "`SESSION_NOT_FOUND`: no such session, or somebody else's", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn delete_session(
    State(state): State<crate::State>,
    caller: Caller,
    PathParameter(id): PathParameter,
) -> Answer<DeletedView> {
    state.jobs.delete(caller.user(), session_id(&id)?).await?;
    Ok(Reply::ok(DeletedView { message: "Deleted" }))
}
