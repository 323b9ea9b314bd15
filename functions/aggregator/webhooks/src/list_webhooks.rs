//! `GET /api/v1/webhooks`

use axum::extract::State;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::WebhookView;

/// Webhooks of a company.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhooksView {
    /// Webhooks, oldest first.
    data: Vec<WebhookView>,
}

/// List webhooks
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    operation_id = "list_webhooks",
    security(("bearer" = [])),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The webhooks; `secret` is omitted", body = WebhooksView),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_webhooks(State(state): State<crate::State>, Company(caller): Company) -> Answer<WebhooksView> {
    let company = caller.require_company()?;
    let endpoints = state.endpoints.list(company.into()).await?;
    let data = endpoints.into_iter().map(|endpoint| WebhookView::new(endpoint, None)).collect();
    Ok(Reply::ok(WebhooksView { data }))
}
