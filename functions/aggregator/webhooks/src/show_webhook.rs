//! `GET /api/v1/webhooks/{id}`

use axum::extract::State;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, PathParameter, Reply};

use crate::wire::{WebhookView, webhook_id};

/// Retrieve a webhook
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "show_webhook",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "ID of the webhook")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The webhook; `secret` is omitted", body = WebhookView),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
    )
)]
pub(crate) async fn show_webhook(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(id): PathParameter,
) -> Answer<WebhookView> {
    let company = caller.require_company()?;
    let endpoint = state.endpoints.get(company.into(), webhook_id(&id)?).await?;
    Ok(Reply::ok(WebhookView::new(endpoint, None)))
}
