//! `GET /api/v1/auth/api-keys`

use axum::extract::State;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::ApiKeyView;

/// API keys of a company.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeysView {
    /// API keys, newest first.
    data: Vec<ApiKeyView>,
}

/// List API keys
///
/// Revoked keys are included.
#[utoipa::path(
    get,
    path = "/api/v1/auth/api-keys",
    tag = "auth",
    operation_id = "list_api_keys",
    security(("bearer" = [])),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The API keys; `key` is omitted", body = ApiKeysView),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_api_keys(State(state): State<crate::State>, Company(caller): Company) -> Answer<ApiKeysView> {
    let keys = state.authenticator.list(caller.require_company()?).await?;
    Ok(Reply::ok(ApiKeysView { data: keys.iter().map(|key| ApiKeyView::new(key, None)).collect() }))
}
