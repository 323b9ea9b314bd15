//! `GET /api/v1/webhooks/{id}/deliveries`

use axum::extract::State;
use domain::kernel::Error;
use domain::webhooks::DeliveryId;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, PathParameter, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{DeliveryView, webhook_id};

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveriesView {
    /// Deliveries, newest first.
    data: Vec<DeliveryView>,
    /// Value of `cursor` for the next page; null on the last page.
    next_cursor: Option<String>,
}

/// List deliveries
///
/// Deliveries of the last 30 days, with their attempts.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/deliveries",
    tag = "webhooks",
    operation_id = "list_deliveries",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "ID of the webhook"),
        ("limit" = Option<u32>, Query, description = "Items per page, 1 to 100. Default 20"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the previous page"),
    ),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "A page of deliveries", body = DeliveriesView),
        (status = 400, description = "`invalid_request`: invalid query parameter", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: requires an access token, not an API key", body = AggregatorFailed),
        (status = 404, description = "`webhook_not_found`", body = AggregatorFailed),
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
