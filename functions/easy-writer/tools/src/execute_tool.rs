//! `POST /api/v1/tools/{tool_id}/execute`

use axum::extract::State;
use domain::easy_writer::{Execution, Request};
use domain::kernel::JobId;
use edge::easy_writer::openapi::{AuthErrors, BodyErrors, Errors, Failed, Success};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, Caller, IdempotencyKey, PathParameter, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::ModeView;

/// A run of a tool.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ExecuteBody {
    /// Input, as described by the tool's schema.
    #[schema(value_type = Object, example = json!({"text": "Превет мир"}))]
    input: serde_json::Value,
    /// Mode of the run. Default: the first of the tool's modes.
    mode: Option<ModeView>,
}

/// A completed or started run.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ExecutionView {
    Completed(CompletedView),
    Started(StartedView),
}

/// A completed run.
#[derive(Serialize, ToSchema)]
pub(crate) struct CompletedView {
    /// Session ID.
    #[schema(format = Uuid)]
    session_id: String,
    /// Always `completed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// Generated text.
    #[schema(example = "Привет мир")]
    result: String,
    /// Provider that generated the text.
    #[schema(example = "gigachat")]
    provider_used: &'static str,
    /// Number of tokens, input and output.
    #[schema(example = 45)]
    tokens_used: u64,
    /// Cost charged, in raits.
    #[schema(example = 5)]
    cost_raits: i64,
}

/// A run in the background.
#[derive(Serialize, ToSchema)]
pub(crate) struct StartedView {
    /// Session ID.
    #[schema(format = Uuid)]
    session_id: String,
    /// Always `in_progress`.
    #[schema(example = "in_progress")]
    status: &'static str,
    /// Path of the WebSocket with the progress; append `?token=` and the access token.
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
/// The maximum cost is reserved first; the actual cost is charged on completion, and a failed run is free. A quick run
/// that takes too long for one request continues in the background and returns 202, as a standard run does.
#[utoipa::path(
    post,
    path = "/api/v1/tools/{tool_id}/execute",
    tag = "tools",
    operation_id = "execute_tool",
    request_body = ExecuteBody,
    security(("bearer" = [])),
    params(
        ("tool_id" = String, Path, description = "ID of the tool", example = "spell_check"),
        IdempotencyHeader,
    ),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 200, description = "Run completed", body = Success<CompletedView>),
        (status = 202, description = "Run started in the background", body = Success<StartedView>),
        (status = 400, description = "`VALIDATION_ERROR`: `details.fields` lists the fields that violate the tool's schema", body = Failed),
        (status = 402, description = "`INSUFFICIENT_BALANCE`: `details` has `required` and `balance`", body = Failed),
        (status = 404, description = "`TOOL_NOT_FOUND`", body = Failed),
        (status = 409, description = "`IDEMPOTENCY_KEY_REUSED`: the key was used with another body; `CONFLICT`: retry", body = Failed),
        (status = 500, description = "`GENERATION_FAILED`: nothing is charged; `INTERNAL_ERROR`", body = Failed),
        (status = 503, description = "`PROVIDER_UNAVAILABLE`: nothing is charged; `SERVICE_UNAVAILABLE`: retry later", body = Failed),
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
    scope.limit(&state.execute_limit, &user.to_string()).await?;
    let request = Request { tool, mode: body.mode.map(Into::into), input: body.input, idempotency_key };
    Ok(reply(state.tools.execute(user, request).await?))
}
