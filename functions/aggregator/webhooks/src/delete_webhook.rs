//! `DELETE /api/v1/webhooks/{id}`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Company, Failure, NoContent, PathParameter};

use crate::wire::webhook_id;

/// Remove a webhook
///
/// What is on its way to it is not sent any more, and its log cannot be read any more.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "delete_webhook",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the webhook")),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot say where data is sent", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn delete_webhook(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(id): PathParameter,
) -> Result<NoContent, Failure> {
    let company = caller.require_company()?;
    state.endpoints.delete(company.into(), webhook_id(&id)?).await?;
    Ok(NoContent)
}
