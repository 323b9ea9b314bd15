//! `POST /api/v1/tools/{tool_id}/execute`

use axum::extract::State;
use domain::easy_writer::{Execution, Request};
use domain::kernel::JobId;
use edge::openapi::{Failed, Success};
use edge::{Answer, Body, Caller, IdempotencyKey, PathParameter, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::ModeView;

/// A run to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ExecuteBody {
    /// As the tool's schema says.
    #[schema(value_type = Object, example = json!({"text": "Превет мир"}))]
    input: serde_json::Value,
    /// How to run it; the tool's usual way unless given.
    mode: Option<ModeView>,
}

/// What became of a run.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ExecutionView {
    /// It is done.
    Completed(CompletedView),
    /// It runs in the background.
    Started(StartedView),
}

/// A finished run.
#[derive(Serialize, ToSchema)]
pub(crate) struct CompletedView {
    /// Id of the session.
    #[schema(format = Uuid)]
    session_id: String,
    /// Always `completed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// The text.
    #[schema(example = "Привет мир")]
    result: String,
    /// Who wrote it.
    #[schema(example = "gigachat")]
    provider_used: &'static str,
    /// Tokens read and written.
    #[schema(example = 45)]
    tokens_used: u64,
    /// Raits charged.
    #[schema(example = 5)]
    cost_raits: i64,
}

/// A run in the background.
#[derive(Serialize, ToSchema)]
pub(crate) struct StartedView {
    /// Id of the session.
    #[schema(format = Uuid)]
    session_id: String,
    /// Always `in_progress`.
    #[schema(example = "in_progress")]
    status: &'static str,
    /// Where to watch it; append `?token=` and the access token.
    #[schema(example = "/ws/generation/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f")]
    websocket_url: String,
}

impl StartedView {
    fn new(session: JobId) -> Self {
        Self {
            session_id: session.to_string(),
            status: "in_progress",
            websocket_url: format!("/ws/generation/{session}"),
        }
    }
}

fn reply(execution: Execution) -> Reply<ExecutionView> {
    match execution {
        Execution::Completed { session, result, provider, tokens_used, cost } => {
            Reply::ok(ExecutionView::Completed(CompletedView {
                session_id: session.to_string(),
                status: "completed",
                result,
                provider_used: provider.as_str(),
                tokens_used,
                cost_raits: cost.units(),
            }))
        }
        Execution::Started { session } => Reply::accepted(ExecutionView::Started(StartedView::new(session))),
    }
}

/// Run a tool
///
/// The estimated cost is reserved before anything else; what the run really cost is charged at its end, and nothing if it fails. A quick run
/// that takes too long for one request goes on in the background and answers as a standard one does.
#[utoipa::path(
    post,
    path = "/api/v1/tools/{tool_id}/execute",
    tag = "tools",
    operation_id = "execute_tool",
    request_body = ExecuteBody,
    security(("bearer" = [])),
    params(
        ("tool_id" = String, Path, description = "Id of the tool", example = "spell_check"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours runs nothing"),
    ),
    responses(
        (status = 200, description = "Done", body = Success<CompletedView>),
        (status = 202, description = "Running in the background", body = Success<StartedView>),
        (status = 400, description = "`VALIDATION_ERROR`: `details.fields` names what the tool's schema refuses", body = Failed),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 402, description = "`INSUFFICIENT_BALANCE`: `details` has `required` and `balance`", body = Failed),
        (status = 404, description = "`TOOL_NOT_FOUND`", body = Failed),
        (status = 409, description = "`IDEMPOTENCY_KEY_REUSED`: the key belongs to another request; `CONFLICT`: try again", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
        (status = 500, description = "`GENERATION_FAILED`: nothing was charged", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: nothing was charged", body = Failed),
    )
)]
pub(crate) async fn execute_tool(
    State(state): State<crate::State>,
    caller: Caller,
    scope: RequestScope,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    PathParameter(tool): PathParameter,
    Body(body): Body<ExecuteBody>,
) -> Answer<ExecutionView> {
    let user = caller.user();
    scope.limit(&state.limiter, &state.execute_limit, &user.to_string(), state.clock.now()).await?;
    let request = Request { tool, mode: body.mode.map(Into::into), input: body.input, idempotency_key };
    Ok(reply(state.tools.execute(user, request).await?))
}
