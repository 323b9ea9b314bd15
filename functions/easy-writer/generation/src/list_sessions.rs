//! `GET /api/v1/generation/sessions`

use axum::extract::State;
use domain::generation::Job;
use edge::easy_writer::openapi::{AuthErrors, Errors, Failed, Success};
use edge::openapi::PaginationView;
use edge::{Answer, Caller, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::status;

/// A page of sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionsView {
    /// Sessions, newest first.
    sessions: Vec<SessionSummaryView>,
    /// Position of the page.
    pagination: PaginationView,
}

/// Summary of a session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionSummaryView {
    #[schema(format = Uuid)]
    session_id: String,
    /// Tool ID.
    #[schema(example = "essay")]
    tool_id: String,
    /// Display name of the tool.
    #[schema(example = "Эссе")]
    tool_name: String,
    /// Status: `pending`, `in_progress`, `completed` or `failed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// Beginning of the generated text; empty until completed.
    #[schema(example = "Текст начинается…")]
    preview: String,
    /// Cost charged, in raits; 0 until completed.
    #[schema(example = 50)]
    cost_raits: i64,
    /// Creation time.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Job> for SessionSummaryView {
    fn from(job: Job) -> Self {
        Self {
            session_id: job.id.to_string(),
            tool_id: job.subject,
            tool_name: job.title,
            status: status(job.status),
            preview: job.preview,
            cost_raits: job.cost.units(),
            created_at: job.created_at.to_string(),
        }
    }
}

/// List sessions
#[utoipa::path(
    get,
    path = "/api/v1/generation/sessions",
    tag = "generation",
    operation_id = "list_sessions",
    security(("bearer" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items per page, 1 to 100. Default 10"),
        ("offset" = Option<u32>, Query, maximum = 10_000, description = "Number of items to skip, up to 10000. Default 0"),
    ),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "A page of sessions", body = Success<SessionsView>),
        (status = 400, description = "`VALIDATION_ERROR`: invalid query parameter", body = Failed),
    )
)]
pub(crate) async fn list_sessions(
    State(state): State<crate::State>,
    caller: Caller,
    query: Query,
) -> Answer<SessionsView> {
    let page = query.page(10)?;
    let paged = state.jobs.list(caller.user(), page).await?;
    let pagination = PaginationView::of(&paged);
    Ok(Reply::ok(SessionsView { sessions: paged.items.into_iter().map(Into::into).collect(), pagination }))
}
