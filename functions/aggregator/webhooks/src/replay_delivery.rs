//! `POST /api/v1/webhooks/{id}/deliveries/{delivery_id}/replay`

use axum::extract::State;
use domain::webhooks::DeliveryMessage;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, PathPair, Reply};

use crate::wire::{DeliveryView, delivery_id, webhook_id};

/// Send a delivery again
///
/// With all its attempts, whatever became of it; ten times at most. The server sees the same `webhook-id`.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay",
    tag = "webhooks",
    operation_id = "replay_delivery",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the webhook"),
        ("delivery_id" = String, Path, description = "Id of the delivery"),
    ),
    responses(
        (status = 202, description = "It is on its way", body = DeliveryView),
        (status = 400, description = "`invalid_request`: the webhook is switched off, or this was replayed ten times", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: an API key cannot say where data is sent", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`, `delivery_not_found`", body = AggregatorFailed),
        (status = 409, description = "`in_progress`: it is still on its way", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn replay_delivery(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathPair(id, delivery): PathPair,
) -> Answer<DeliveryView> {
    let owner = caller.require_company()?.into();
    let message = DeliveryMessage { owner, endpoint: webhook_id(&id)?, delivery: delivery_id(&delivery)? };
    let delivery = state.deliveries.replay(message).await?;
    Ok(Reply::accepted(delivery.into()))
}
