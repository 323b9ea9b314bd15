//! `GET /api/v1/payments`

use axum::extract::State;
use domain::aggregator::{PaymentStatus, Permission};
use domain::kernel::Error;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::openapi::PagesView;
use edge::{Answer, Company, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::PaymentView;

/// A page of payments.
#[derive(Serialize, ToSchema)]
pub(crate) struct PaymentsView {
    /// Payments, newest first.
    data: Vec<PaymentView>,
    /// Position of the page.
    pagination: PagesView,
}

/// List payments
///
/// Payments created in the last moments may be missing.
#[utoipa::path(
    get,
    path = "/api/v1/payments",
    tag = "payments",
    operation_id = "list_payments",
    security(("bearer" = []), ("api_key" = [])),
    params(
        ("page" = Option<u32>, Query, description = "Page number, from 1. Default 1"),
        ("limit" = Option<u32>, Query, description = "Items per page, 1 to 100. Default 20"),
        ("status" = Option<String>, Query, description = "Status: `pending`, `succeeded`, `failed` or `canceled`"),
    ),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "A page of payments", body = PaymentsView),
        (status = 400, description = "`invalid_request`: invalid query parameter", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `billing`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_payments(
    State(state): State<crate::State>,
    Company(caller): Company,
    query: Query,
) -> Answer<PaymentsView> {
    caller.require(Permission::Billing)?;
    let page = query.numbered_page(20)?;
    let status = query.get("status")?.map(status).transpose()?;
    let now = state.clock.now();
    let paged = state.deposits.list(caller.company, status, page.page(), now).await?;
    let data = paged.items.into_iter().map(|payment| PaymentView::new(payment, now)).collect();
    Ok(Reply::ok(PaymentsView { data, pagination: PagesView::of(page, paged.total) }))
}

fn status(word: &str) -> Result<PaymentStatus, Error> {
    let known = PaymentStatus::ALL.into_iter().find(|status| status.as_str() == word);
    known.ok_or_else(|| Error::invalid("status", "not_allowed", "Ожидается pending, succeeded, failed или canceled"))
}
