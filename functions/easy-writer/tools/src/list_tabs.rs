//! `GET /api/v1/tools/tabs`

use axum::extract::State;
use domain::easy_writer::Tab;
use edge::easy_writer::openapi::{Errors, Success};
use edge::{Answer, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// The tabs.
#[derive(Serialize, ToSchema)]
pub(crate) struct TabsView {
    /// Tabs, in display order.
    tabs: Vec<TabView>,
}

/// A group of tools.
#[derive(Serialize, ToSchema)]
pub(crate) struct TabView {
    /// Tab ID.
    #[schema(example = "everyday")]
    id: String,
    /// Display name.
    #[schema(example = "На каждый день")]
    name: String,
    /// Name of a Lucide icon.
    #[schema(example = "sun")]
    icon: String,
    /// Number of tools.
    #[schema(example = 8)]
    tools_count: usize,
}

impl From<&Tab> for TabView {
    fn from(tab: &Tab) -> Self {
        Self { id: tab.id.clone(), name: tab.name.clone(), icon: tab.icon.clone(), tools_count: tab.tools.len() }
    }
}

/// List tabs
#[utoipa::path(
    get,
    path = "/api/v1/tools/tabs",
    tag = "tools",
    operation_id = "list_tabs",
    responses(
        Errors,
        (status = 200, description = "The tabs", body = Success<TabsView>),
    )
)]
pub(crate) async fn list_tabs(State(state): State<crate::State>) -> Answer<TabsView> {
    Ok(Reply::ok(TabsView { tabs: state.catalogue.tabs().iter().map(TabView::from).collect() }))
}
