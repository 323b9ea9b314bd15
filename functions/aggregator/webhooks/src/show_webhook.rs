//! `GET /api/v1/webhooks/{id}`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, PathParameter, Reply};

use crate::wire::{WebhookView, webhook_id};

/// A webhook
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "show_webhook",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the webhook")),
    responses(
        (status = 200, description = "The webhook, without its secret", body = WebhookView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: webhooks are not for API keys", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
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
