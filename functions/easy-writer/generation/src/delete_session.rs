//! `DELETE /api/v1/generation/sessions/{session_id}`

use axum::extract::State;
use edge::easy_writer::openapi::{AuthErrors, Errors, Failed, Success};
use edge::{Answer, Caller, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::session_id;

/// Confirmation.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeletedView {
    /// Human-readable message.
    #[schema(example = "Deleted")]
    message: &'static str,
}

/// Delete a session
///
/// A running session is stopped and is free. Transactions are kept.
#[utoipa::path(
    delete,
    path = "/api/v1/generation/sessions/{session_id}",
    tag = "generation",
    operation_id = "delete_session",
    security(("bearer" = [])),
    params(("session_id" = String, Path, description = "ID of the session")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "Session deleted", body = Success<DeletedView>),
        (status = 404, description = "`SESSION_NOT_FOUND`: unknown session, or session of another user", body = Failed),
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
