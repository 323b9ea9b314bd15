//! `POST /api/v1/webhooks/{id}/test`

use axum::extract::State;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, PathParameter, Reply};

use crate::wire::{DeliveryView, webhook_id};

/// Send a test event
///
/// Sent at once, even to an inactive webhook. The response contains the outcome, after 15 seconds at most. Not retried,
/// not logged, not counted as a failure.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/test",
    tag = "webhooks",
    operation_id = "test_webhook",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "ID of the webhook")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "Outcome of the attempt: `delivered` or `failed`", body = DeliveryView),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
    )
)]
pub(crate) async fn test_webhook(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(id): PathParameter,
) -> Answer<DeliveryView> {
    let company = caller.require_company()?;
    let trial = state.delivery_worker.test(company.into(), webhook_id(&id)?).await?;
    Ok(Reply::ok(trial.into()))
}
