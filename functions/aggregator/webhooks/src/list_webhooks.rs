//! `GET /api/v1/webhooks`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::WebhookView;

/// A company's webhooks.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhooksView {
    /// The earliest first.
    data: Vec<WebhookView>,
}

/// The company's webhooks
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    operation_id = "list_webhooks",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The webhooks, without their secrets", body = WebhooksView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: webhooks are not for API keys", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_webhooks(State(state): State<crate::State>, Company(caller): Company) -> Answer<WebhooksView> {
    let company = caller.require_company()?;
    let endpoints = state.endpoints.list(company.into()).await?;
    let data = endpoints.into_iter().map(|endpoint| WebhookView::new(endpoint, None)).collect();
    Ok(Reply::ok(WebhooksView { data }))
}
