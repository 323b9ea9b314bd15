//! `GET /api/v1/generation/sessions/{session_id}`

use axum::extract::State;
use domain::generation::{Failure, Job, Mode};
use domain::kernel::Error;
use edge::easy_writer::openapi::{AuthErrors, Errors, Failed, Success};
use edge::{Answer, Caller, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{session_id, status};

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    #[schema(format = Uuid)]
    session_id: String,
    /// Tool ID.
    #[schema(example = "essay")]
    tool_id: String,
    /// Mode: `quick` or `standard`.
    #[schema(example = "standard")]
    mode: &'static str,
    /// Status: `pending`, `in_progress`, `completed` or `failed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// Input of the tool, including defaults.
    #[schema(value_type = Object)]
    input_data: serde_json::Value,
    /// Generated text; null until completed.
    result: Option<String>,
    /// Provider that generated the text; empty until completed.
    #[schema(example = "openai")]
    provider_used: &'static str,
    /// Number of tokens, input and output; 0 until completed.
    #[schema(example = 1250)]
    tokens_used: u64,
    /// Cost charged, in raits; 0 until completed.
    #[schema(example = 50)]
    cost_raits: i64,
    /// Error code of a failed session: `GENERATION_FAILED` or `PROVIDER_UNAVAILABLE`.
    error_code: Option<&'static str>,
    /// Creation time.
    #[schema(format = DateTime)]
    created_at: String,
    /// Completion time; null while running.
    #[schema(format = DateTime)]
    completed_at: Option<String>,
}

impl SessionView {
    fn new(job: Job, input: &str, result: Option<String>) -> Result<Self, Error> {
        Ok(Self {
            session_id: job.id.to_string(),
            tool_id: job.subject,
            mode: match job.mode {
                Mode::Quick => "quick",
                Mode::Standard => "standard",
            },
            status: status(job.status),
            input_data: serde_json::from_str(input).map_err(|error| Error::internal("stored input", error))?,
            result,
            provider_used: job.provider.map_or("", |provider| provider.as_str()),
            tokens_used: job.tokens_used,
            cost_raits: job.cost.units(),
            error_code: job.failure.map(|failure| match failure {
                Failure::ProviderUnavailable => "PROVIDER_UNAVAILABLE",
                Failure::GenerationFailed => "GENERATION_FAILED",
            }),
            created_at: job.created_at.to_string(),
            completed_at: job.completed_at.map(|at| at.to_string()),
        })
    }
}

/// Retrieve a session
#[utoipa::path(
    get,
    path = "/api/v1/generation/sessions/{session_id}",
    tag = "generation",
    operation_id = "show_session",
    security(("bearer" = [])),
    params(("session_id" = String, Path, description = "ID of the session")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The session", body = Success<SessionView>),
        (status = 404, description = "`SESSION_NOT_FOUND`: unknown session, or session of another user", body = Failed),
    )
)]
pub(crate) async fn show_session(
    State(state): State<crate::State>,
    caller: Caller,
    PathParameter(id): PathParameter,
) -> Answer<SessionView> {
    let (job, input, result) = state.jobs.read(caller.user(), session_id(&id)?).await?;
    Ok(Reply::ok(SessionView::new(job, &input, result)?))
}
