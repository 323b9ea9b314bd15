//! `POST /api/v1/webhooks/{id}/deliveries/{delivery_id}/replay`

use axum::extract::State;
use domain::webhooks::DeliveryMessage;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, PathPair, Reply};

use crate::wire::{DeliveryView, delivery_id, webhook_id};

/// Replay a delivery
///
/// Sends the event again, with all retries and the same `webhook-id`, whatever the outcome was. At most ten times per
/// delivery.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay",
    tag = "webhooks",
    operation_id = "replay_delivery",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "ID of the webhook"),
        ("delivery_id" = String, Path, description = "ID of the delivery"),
    ),
    responses(
        Errors, AuthErrors,
        (status = 202, description = "Delivery scheduled", body = DeliveryView),
        (status = 400, description = "`invalid_request`: the webhook is inactive, or the delivery was replayed ten times", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`, `delivery_not_found`", body = AggregatorFailed),
        (status = 409, description = "`in_progress`: the delivery is pending", body = AggregatorFailed),
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
