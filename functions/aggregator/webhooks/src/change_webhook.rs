//! `PATCH /api/v1/webhooks/{id}`

use axum::extract::State;
use domain::webhooks::{EndpointChange, SecretChoice};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Body, Company, PathParameter, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::{WebhookView, webhook_id};

/// What to change of a webhook; what is missing stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeWebhookBody {
    /// Another address.
    #[schema(example = "https://your-app.com/webhooks/ai-aggregator", max_length = 2048)]
    url: Option<String>,
    /// Other events.
    #[schema(example = json!(["usage.tracked"]))]
    events: Option<Vec<String>>,
    /// Another secret. For a day, headers have signatures with both.
    #[schema(example = "another-webhook-secret", min_length = 8, max_length = 256)]
    secret: Option<String>,
    /// Whether anything is to be sent. Switching on forgets failures.
    is_active: Option<bool>,
}

impl From<ChangeWebhookBody> for EndpointChange {
    fn from(body: ChangeWebhookBody) -> Self {
        let secret = body.secret.map(|secret| SecretChoice::Given(secret.into()));
        Self { url: body.url, events: body.events, is_active: body.is_active, secret }
    }
}

/// Change a webhook
#[utoipa::path(
    patch,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "change_webhook",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the webhook")),
    request_body = ChangeWebhookBody,
    responses(
        (status = 200, description = "Changed; a new secret is told", body = WebhookView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot say where data is sent", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
        (status = 409, description = "`busy`: its secret is being changed by another request", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn change_webhook(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(id): PathParameter,
    Body(body): Body<ChangeWebhookBody>,
) -> Answer<WebhookView> {
    let company = caller.require_company()?;
    let changed = state.endpoints.update(company.into(), webhook_id(&id)?, body.into()).await?;
    Ok(Reply::ok(WebhookView::new(changed.endpoint, changed.secret.as_ref())))
}
