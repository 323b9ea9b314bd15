//! `GET /api/v1/auth/api-keys`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::ApiKeyView;

/// A company's keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeysView {
    /// The latest first.
    data: Vec<ApiKeyView>,
}

/// The company's API keys, revoked ones too
#[utoipa::path(
    get,
    path = "/api/v1/auth/api-keys",
    tag = "auth",
    operation_id = "list_api_keys",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The keys, without the keys themselves", body = ApiKeysView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot see others", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_api_keys(State(state): State<crate::State>, Company(caller): Company) -> Answer<ApiKeysView> {
    let keys = state.authenticator.list(caller.require_company()?).await?;
    Ok(Reply::ok(ApiKeysView { data: keys.iter().map(|key| ApiKeyView::new(key, None)).collect() }))
}
