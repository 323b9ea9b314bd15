//! `GET /api/v1/tools/tabs/{tab_id}`

use axum::extract::State;
use domain::easy_writer::Tool;
use edge::easy_writer::openapi::{Errors, Failed, Success};
use edge::{Answer, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{ModeView, modes};

/// A tab and its tools.
#[derive(Serialize, ToSchema)]
pub(crate) struct TabToolsView {
    tab: TabNameView,
    /// Tools, in display order.
    tools: Vec<ToolView>,
}

/// ID and name of a tab.
#[derive(Serialize, ToSchema)]
pub(crate) struct TabNameView {
    #[schema(example = "everyday")]
    id: String,
    /// Display name.
    #[schema(example = "На каждый день")]
    name: String,
}

/// A tool.
#[derive(Serialize, ToSchema)]
pub(crate) struct ToolView {
    #[schema(example = "spell_check")]
    id: String,
    /// Display name.
    #[schema(example = "Проверка орфографии")]
    name: String,
    #[schema(example = "Исправление ошибок в тексте")]
    description: String,
    /// Name of a Lucide icon.
    #[schema(example = "check-circle")]
    icon: String,
    /// Supported modes; the first is the default.
    supports_modes: Vec<ModeView>,
    /// Maximum cost of a run, in raits.
    #[schema(example = 5)]
    estimated_cost: i64,
}

impl From<&Tool> for ToolView {
    fn from(tool: &Tool) -> Self {
        Self {
            id: tool.id.clone(),
            name: tool.name.clone(),
            description: tool.description.clone(),
            icon: tool.icon.clone(),
            supports_modes: modes(tool),
            estimated_cost: tool.estimate().units(),
        }
    }
}

/// Retrieve a tab
#[utoipa::path(
    get,
    path = "/api/v1/tools/tabs/{tab_id}",
    tag = "tools",
    operation_id = "show_tab",
    params(("tab_id" = String, Path, description = "ID of the tab", example = "everyday")),
    responses(
        Errors,
        (status = 200, description = "The tab and its tools", body = Success<TabToolsView>),
        (status = 404, description = "`TAB_NOT_FOUND`", body = Failed),
    )
)]
pub(crate) async fn show_tab(
    State(state): State<crate::State>,
    PathParameter(tab_id): PathParameter,
) -> Answer<TabToolsView> {
    let tab = state.catalogue.tab(&tab_id)?;
    Ok(Reply::ok(TabToolsView {
        tab: TabNameView { id: tab.id.clone(), name: tab.name.clone() },
        tools: tab.tools.iter().map(ToolView::from).collect(),
    }))
}
