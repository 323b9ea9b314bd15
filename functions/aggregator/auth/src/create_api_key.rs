//! `POST /api/v1/auth/api-keys`

use axum::extract::State;
use domain::aggregator::NewApiKey;
use domain::kernel::{Error, Timestamp};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Body, Company, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::ApiKeyView;

/// A request for a key.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateApiKeyBody {
    /// What its owner calls it, up to 100 characters.
    #[schema(example = "Production API Key")]
    name: String,
    /// What it may be used for: `chat`, `billing`, `analytics`.
    #[schema(example = json!(["chat", "billing", "analytics"]))]
    permissions: Vec<String>,
    /// When it is to stop working, within five years; a year from now without it.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// Make an API key
///
/// The answer is the only one that has the key itself.
#[utoipa::path(
    post,
    path = "/api/v1/auth/api-keys",
    tag = "auth",
    operation_id = "create_api_key",
    security(("bearer" = [])),
    request_body = CreateApiKeyBody,
    responses(
        (status = 201, description = "Made", body = ApiKeyView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot make others", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn create_api_key(
    State(state): State<crate::State>,
    Company(caller): Company,
    Body(body): Body<CreateApiKeyBody>,
) -> Answer<ApiKeyView> {
    let company = caller.require_company()?;
    let expires_at = body.expires_at.map(|text| parse_time(&text)).transpose()?;
    let new = NewApiKey { name: body.name, permissions: body.permissions, expires_at };
    let (api_key, key) = state.authenticator.create(company, new).await?;
    Ok(Reply::created(ApiKeyView::new(&api_key, Some(key))))
}

fn parse_time(text: &str) -> Result<Timestamp, Error> {
    text.parse().map_err(|_| Error::invalid("expiresAt", "format", "Ожидается время ISO 8601"))
}
