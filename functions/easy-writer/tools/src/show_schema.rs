//! `GET /api/v1/tools/{tool_id}/schema`

use axum::extract::State;
use edge::openapi::{Failed, Success};
use edge::{Answer, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{ModeView, modes};

/// What a tool takes.
#[derive(Serialize, ToSchema)]
pub(crate) struct SchemaView {
    /// Id of the tool.
    #[schema(example = "spell_check")]
    tool_id: String,
    /// For people.
    #[schema(example = "Проверка орфографии")]
    name: String,
    /// JSON Schema (2020-12) of `input`, the very one that requests are checked against.
    #[schema(value_type = Object)]
    input_schema: serde_json::Value,
    /// How it can be run; the first is the usual way.
    supports_modes: Vec<ModeView>,
    /// The most raits that a run costs.
    #[schema(example = 5)]
    estimated_cost: i64,
}

/// What a tool takes
#[utoipa::path(
    get,
    path = "/api/v1/tools/{tool_id}/schema",
    tag = "tools",
    operation_id = "show_schema",
    params(("tool_id" = String, Path, description = "Id of the tool", example = "spell_check")),
    responses(
        (status = 200, description = "The schema", body = Success<SchemaView>),
        (status = 404, description = "`TOOL_NOT_FOUND`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn show_schema(
    State(state): State<crate::State>,
    PathParameter(tool_id): PathParameter,
) -> Answer<SchemaView> {
    let tool = state.catalogue.tool(&tool_id)?;
    Ok(Reply::ok(SchemaView {
        tool_id: tool.id.clone(),
        name: tool.name.clone(),
        input_schema: tool.input_schema()?,
        supports_modes: modes(tool),
        estimated_cost: tool.estimate().units(),
    }))
}
