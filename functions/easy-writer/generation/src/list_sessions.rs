//! `GET /api/v1/generation/sessions`

use axum::extract::State;
use domain::generation::Job;
use edge::openapi::{Failed, PaginationView, Success};
use edge::{Answer, Caller, PagingOf, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::status;

/// A page of sessions, latest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionsView {
    /// The sessions.
    sessions: Vec<SessionSummaryView>,
    /// Where the page is.
    pagination: PaginationView,
}

/// A session, in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionSummaryView {
    /// Id.
    #[schema(format = Uuid)]
    session_id: String,
    /// Which tool.
    #[schema(example = "essay")]
    tool_id: String,
    /// For people.
    #[schema(example = "Эссе")]
    tool_name: String,
    /// `pending`, `in_progress`, `completed` or `failed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// The beginning of the text; empty until completed.
    #[schema(example = "Текст начинается…")]
    preview: String,
    /// Raits charged; 0 until completed.
    #[schema(example = 50)]
    cost_raits: i64,
    /// When it was started.
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

/// The user's sessions
#[utoipa::path(
    get,
    path = "/api/v1/generation/sessions",
    tag = "generation",
    operation_id = "list_sessions",
    security(("bearer" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items of the page, 10 unless given"),
        ("offset" = Option<u32>, Query, maximum = 10_000, description = "Items to skip"),
    ),
    responses(
        (status = 200, description = "A page of sessions", body = Success<SessionsView>),
        (status = 400, description = "`VALIDATION_ERROR`", body = Failed),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn list_sessions(
    State(state): State<crate::State>,
    caller: Caller,
    PagingOf(page): PagingOf<10>,
) -> Answer<SessionsView> {
    let paged = state.jobs.list(caller.user(), page).await?;
    let pagination = PaginationView::of(&paged);
    Ok(Reply::ok(SessionsView { sessions: paged.items.into_iter().map(Into::into).collect(), pagination }))
}
