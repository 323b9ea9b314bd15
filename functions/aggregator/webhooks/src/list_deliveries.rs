//! `GET /api/v1/webhooks/{id}/deliveries`

use axum::extract::State;
use domain::kernel::Error;
use domain::webhooks::DeliveryId;
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, PathParameter, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{DeliveryView, webhook_id};

/// Some of a webhook's deliveries.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveriesView {
    /// The latest first.
    data: Vec<DeliveryView>,
    /// For `cursor`, if more follow.
    next_cursor: Option<String>,
}

/// What was sent to a webhook in the last 30 days, and how that went
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/deliveries",
    tag = "webhooks",
    operation_id = "list_deliveries",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "Id of the webhook"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 without it"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before"),
    ),
    responses(
        (status = 200, description = "A page of the log", body = DeliveriesView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: webhooks are not for API keys", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_deliveries(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(id): PathParameter,
    query: Query,
) -> Answer<DeliveriesView> {
    let (company, id) = (caller.require_company()?, webhook_id(&id)?);
    let limit = query.number("limit", 1..=100, 20)?;
    let before = query.get("cursor")?.map(cursor).transpose()?;
    let listing = state.deliveries.list(company.into(), id, limit, before);
    let (_, listed) = tokio::try_join!(state.endpoints.get(company.into(), id), listing)?;
    let next_cursor = listed.next.map(|delivery| delivery.to_string());
    Ok(Reply::ok(DeliveriesView { data: listed.items.into_iter().map(DeliveryView::from).collect(), next_cursor }))
}

fn cursor(text: &str) -> Result<DeliveryId, Error> {
    text.parse().map_err(|_| Error::invalid("cursor", "format", "Ожидается nextCursor предыдущей страницы"))
}
