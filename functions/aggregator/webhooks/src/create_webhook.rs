//! `POST /api/v1/webhooks`

use axum::extract::State;
use domain::aggregator::CompanyId;
use domain::idempotency::Request;
use domain::webhooks::{NewEndpoint, SecretChoice};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Body, Company, IdempotencyKey, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::WebhookView;

/// A request for a webhook.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateWebhookBody {
    /// Where events are to be sent: a public https address.
    #[schema(example = "https://your-app.com/webhooks/ai-aggregator", max_length = 2048)]
    url: String,
    /// Which: `payment.succeeded`, `payment.failed`, `usage.tracked`.
    #[schema(example = json!(["payment.succeeded", "payment.failed", "usage.tracked"]))]
    events: Vec<String>,
    /// What is to sign them: 8 to 256 characters, or `whsec_` and 24 to 64 bytes in base64. We make one up without it.
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

/// Make a webhook
///
/// Each event is posted as JSON, signed with the secret in its field `signature` and, as Standard Webhooks has it, in headers. What a server does not
/// answer with 2xx within 15 seconds is tried again, ten times in three days. This answer is the only one that has the secret.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "webhooks",
    operation_id = "create_webhook",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours makes nothing new")),
    request_body = CreateWebhookBody,
    responses(
        (status = 201, description = "Made", body = WebhookView),
        (status = 400, description = "`invalid_request`; the 21st webhook too", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot say where data is sent", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
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
