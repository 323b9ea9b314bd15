//! `DELETE /api/v1/auth/api-keys/{id}`

use axum::extract::State;
use domain::aggregator::KeyId;
use domain::kernel::{Error, Resource};
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, PathParameter, Reply};

use crate::wire::ApiKeyView;

/// Revoke an API key
///
/// Permanent and idempotent. Requests with the key may succeed for another 15 seconds.
#[utoipa::path(
    delete,
    path = "/api/v1/auth/api-keys/{id}",
    tag = "auth",
    operation_id = "revoke_api_key",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "ID of the API key")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "API key revoked", body = ApiKeyView),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
        (status = 404, description = "`api_key_not_found`", body = AggregatorFailed),
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
