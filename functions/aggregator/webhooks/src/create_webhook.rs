//! `POST /api/v1/webhooks`

use axum::extract::State;
use domain::aggregator::CompanyId;
use domain::idempotency::Request;
use domain::webhooks::{NewEndpoint, SecretChoice};
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, BodyErrors, Errors};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, Company, IdempotencyKey, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::WebhookView;

/// A new webhook.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateWebhookBody {
    /// URL that events are sent to: public, `https`, up to 2048 characters.
    #[schema(example = "https://your-app.com/webhooks/ai-aggregator", max_length = 2048)]
    url: String,
    /// Events to subscribe to: `payment.succeeded`, `payment.failed`, `usage.tracked`.
    #[schema(example = json!(["payment.succeeded", "payment.failed", "usage.tracked"]))]
    events: Vec<String>,
    /// Signing secret: 8 to 256 characters, or `whsec_` followed by 24 to 64 bytes in base64. Default: generated.
    #[schema(example = "your-webhook-secret", min_length = 8, max_length = 256)]
    secret: Option<String>,
}

impl CreateWebhookBody {
    fn into_new(self, company: CompanyId, idempotency_key: Option<String>) -> NewEndpoint {
        let Self { url, events, secret } = self;
        let request = idempotency_key.map(|key| {
            let content = ["create_webhook", &url, secret.as_deref().unwrap_or_default()];
            let content: Vec<&str> = content.into_iter().chain(events.iter().map(String::as_str)).collect();
            Request::new(company.to_string(), key, &content)
        });
        let secret = secret.map_or(SecretChoice::Generated, |secret| SecretChoice::Given(secret.into()));
        NewEndpoint { owner: company.into(), url, events, secret, request }
    }
}

/// Create a webhook
///
/// Events are sent as JSON POST requests, signed with the secret in the field `signature` and in the headers of
/// Standard Webhooks. A delivery that is not answered with 2xx within 15 seconds is retried, ten times in three days. A
/// generated secret is returned only in this response.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    operation_id = "create_webhook",
    security(("bearer" = [])),
    params(IdempotencyHeader),
    request_body = CreateWebhookBody,
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 201, description = "Webhook created", body = WebhookView),
        (status = 400, description = "`invalid_request`: malformed body, invalid field, or more than 20 webhooks", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`: the key was used with another body", body = AggregatorFailed),
    )
)]
pub(crate) async fn create_webhook(
    State(state): State<crate::State>,
    Company(caller): Company,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(body): Body<CreateWebhookBody>,
) -> Answer<WebhookView> {
    let company = caller.require_company()?;
    let made = state.endpoints.create(body.into_new(company, idempotency_key)).await?;
    Ok(Reply::created(WebhookView::new(made.endpoint, made.secret.as_ref())))
}
