//! `PATCH /api/v1/webhooks/{id}`

use axum::extract::State;
use domain::webhooks::{EndpointChange, SecretChoice};
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, BodyErrors, Errors};
use edge::{Answer, Body, Company, PathParameter, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::{WebhookView, webhook_id};

/// Changes to a webhook. Omitted fields keep their values.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeWebhookBody {
    /// URL that events are sent to.
    #[schema(example = "https://your-app.com/webhooks/ai-aggregator", max_length = 2048)]
    url: Option<String>,
    /// Events to subscribe to.
    #[schema(example = json!(["usage.tracked"]))]
    events: Option<Vec<String>>,
    /// Signing secret. For one day, the headers have signatures with the old and the new one.
    #[schema(example = "another-webhook-secret", min_length = 8, max_length = 256)]
    secret: Option<String>,
    /// Whether events are sent. `true` also clears past failures.
    is_active: Option<bool>,
}

impl From<ChangeWebhookBody> for EndpointChange {
    fn from(body: ChangeWebhookBody) -> Self {
        let secret = body.secret.map(|secret| SecretChoice::Given(secret.into()));
        Self { url: body.url, events: body.events, is_active: body.is_active, secret }
    }
}

/// Update a webhook
#[utoipa::path(
    patch,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "change_webhook",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "ID of the webhook")),
    request_body = ChangeWebhookBody,
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 200, description = "Webhook updated; `secret` is included if it was changed", body = WebhookView),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
        (status = 409, description = "`busy`: another request is changing the secret", body = AggregatorFailed),
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
