//! `POST /api/v1/auth/api-keys`

use axum::extract::State;
use domain::aggregator::NewApiKey;
use domain::kernel::{Error, Timestamp};
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, BodyErrors, Errors};
use edge::{Answer, Body, Company, Reply};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::wire::ApiKeyView;

/// A new API key.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateApiKeyBody {
    /// Display name, up to 100 characters.
    #[schema(example = "Production API Key")]
    name: String,
    /// Permissions: `chat`, `billing`, `analytics`.
    #[schema(example = json!(["chat", "billing", "analytics"]))]
    permissions: Vec<String>,
    /// Expiry time, at most five years from now. Default: one year from now.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// Create an API key
///
/// The key itself is returned only in this response.
#[utoipa::path(
    post,
    path = "/api/v1/auth/api-keys",
    tag = "auth",
    operation_id = "create_api_key",
    security(("bearer" = [])),
    request_body = CreateApiKeyBody,
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 201, description = "API key created", body = ApiKeyView),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
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
