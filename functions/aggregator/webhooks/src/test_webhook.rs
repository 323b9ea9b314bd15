//! `POST /api/v1/webhooks/{id}/test`

use axum::extract::State;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, PathParameter, Reply};

use crate::wire::{DeliveryView, webhook_id};

/// Send a test event
///
/// It is sent now, active or not, and the answer says how that went, after 15 seconds at most. It is not tried again, not kept, and has no consequences.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/test",
    tag = "webhooks",
    operation_id = "test_webhook",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Id of the webhook")),
    responses(
        (status = 200, description = "How it went: `delivered` or `failed`", body = DeliveryView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot say where data is sent", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn test_webhook(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(id): PathParameter,
) -> Answer<DeliveryView> {
    let company = caller.require_company()?;
    let trial = state.courier.test(company.into(), webhook_id(&id)?).await?;
    Ok(Reply::ok(trial.into()))
}
