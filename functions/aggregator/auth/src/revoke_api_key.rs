//! `DELETE /api/v1/auth/api-keys/{id}`

use axum::extract::State;
use domain::aggregator::KeyId;
use domain::kernel::{Error, Resource};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, PathParameter, Reply};

use crate::wire::ApiKeyView;

/// Revoke an API key
///
/// For good. An instance that used the key just before may take it for another 15 seconds. Doing it again changes nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/api-keys/{id}",
    tag = "auth",
    operation_id = "revoke_api_key",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the key")),
    responses(
        (status = 200, description = "Revoked", body = ApiKeyView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot revoke others", body = AggregatorFailed),
        (status = 404, description = "`api_key_not_found`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn revoke_api_key(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(id): PathParameter,
) -> Answer<ApiKeyView> {
    let company = caller.require_company()?;
    let id: KeyId = id.parse().map_err(|_| Error::NotFound(Resource::API_KEY))?;
    Ok(Reply::ok(ApiKeyView::new(&state.authenticator.revoke(company, id).await?, None)))
}
