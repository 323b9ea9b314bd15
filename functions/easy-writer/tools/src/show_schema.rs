//! `GET /api/v1/tools/{tool_id}/schema`

use axum::extract::State;
use edge::easy_writer::openapi::{Errors, Failed, Success};
use edge::{Answer, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{ModeView, modes};

/// Input schema of a tool.
#[derive(Serialize, ToSchema)]
pub(crate) struct SchemaView {
    /// Tool ID.
    #[schema(example = "spell_check")]
    tool_id: String,
    /// Display name.
    #[schema(example = "Проверка орфографии")]
    name: String,
    /// JSON Schema (2020-12) of `input`. Requests are validated against it.
    #[schema(value_type = Object)]
    input_schema: serde_json::Value,
    /// Supported modes; the first is the default.
    supports_modes: Vec<ModeView>,
    /// Maximum cost of a run, in raits.
    #[schema(example = 5)]
    estimated_cost: i64,
}

/// Retrieve the schema of a tool
#[utoipa::path(
    get,
    path = "/api/v1/tools/{tool_id}/schema",
    tag = "tools",
    operation_id = "show_schema",
    params(("tool_id" = String, Path, description = "ID of the tool", example = "spell_check")),
    responses(
        Errors,
        (status = 200, description = "The schema", body = Success<SchemaView>),
        (status = 404, description = "`TOOL_NOT_FOUND`", body = Failed),
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
