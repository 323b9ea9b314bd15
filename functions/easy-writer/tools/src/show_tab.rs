//! `GET /api/v1/tools/tabs/{tab_id}`

use axum::extract::State;
use domain::easy_writer::Tool;
use edge::openapi::{Failed, Success};
use edge::{Answer, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{ModeView, modes};

/// A tab and its tools.
#[derive(Serialize, ToSchema)]
pub(crate) struct TabToolsView {
    /// The tab.
    tab: TabNameView,
    /// Its tools, in the order in which they are shown.
    tools: Vec<ToolView>,
}

/// A tab, in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct TabNameView {
    /// Id.
    #[schema(example = "everyday")]
    id: String,
    /// For people.
    #[schema(example = "На каждый день")]
    name: String,
}

/// A tool.
#[derive(Serialize, ToSchema)]
pub(crate) struct ToolView {
    /// Id.
    #[schema(example = "spell_check")]
    id: String,
    /// For people.
    #[schema(example = "Проверка орфографии")]
    name: String,
    /// What it does.
    #[schema(example = "Исправление ошибок в тексте")]
    description: String,
    /// Name of a Lucide icon.
    #[schema(example = "check-circle")]
    icon: String,
    /// How it can be run; the first is the usual way.
    supports_modes: Vec<ModeView>,
    /// The most raits that a run costs.
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

/// A tab and its tools
#[utoipa::path(
    get,
    path = "/api/v1/tools/tabs/{tab_id}",
    tag = "tools",
    operation_id = "show_tab",
    params(("tab_id" = String, Path, description = "Id of the tab", example = "everyday")),
    responses(
        (status = 200, description = "The tab", body = Success<TabToolsView>),
        (status = 404, description = "`TAB_NOT_FOUND`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
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
