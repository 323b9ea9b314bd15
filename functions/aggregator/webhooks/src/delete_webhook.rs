//! `DELETE /api/v1/webhooks/{id}`

use axum::extract::State;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Company, Failure, NoContent, PathParameter};

use crate::wire::webhook_id;

/// Delete a webhook
///
/// Pending deliveries are cancelled, and the delivery log is no longer available.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "delete_webhook",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "ID of the webhook")),
    responses(
        Errors, AuthErrors,
        (status = 204, description = "Webhook deleted"),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
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
