//! `GET /api/v1/tools/tabs`

use axum::extract::State;
use domain::easy_writer::Tab;
use edge::openapi::{Failed, Success};
use edge::{Answer, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// All tabs.
#[derive(Serialize, ToSchema)]
pub(crate) struct TabsView {
    /// In the order in which they are shown.
    tabs: Vec<TabView>,
}

/// A group of tools.
#[derive(Serialize, ToSchema)]
pub(crate) struct TabView {
    /// Id.
    #[schema(example = "everyday")]
    id: String,
    /// For people.
    #[schema(example = "На каждый день")]
    name: String,
    /// Name of a Lucide icon.
    #[schema(example = "sun")]
    icon: String,
    /// How many tools it has.
    #[schema(example = 8)]
    tools_count: usize,
}

impl From<&Tab> for TabView {
    fn from(tab: &Tab) -> Self {
        Self { id: tab.id.clone(), name: tab.name.clone(), icon: tab.icon.clone(), tools_count: tab.tools.len() }
    }
}

/// All tabs
#[utoipa::path(
    get,
    path = "/api/v1/tools/tabs",
    tag = "tools",
    operation_id = "list_tabs",
    responses(
        (status = 200, description = "The tabs", body = Success<TabsView>),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn list_tabs(State(state): State<crate::State>) -> Answer<TabsView> {
    Ok(Reply::ok(TabsView { tabs: state.catalogue.tabs().iter().map(TabView::from).collect() }))
}
