//! `GET /api/v1/payments`

use axum::extract::State;
use domain::aggregator::{PaymentStatus, Permission};
use domain::kernel::Error;
use edge::openapi::{AggregatorFailed, PagesView};
use edge::{Answer, Company, NumberedPage, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::PaymentView;

/// A page of payments.
#[derive(Serialize, ToSchema)]
pub(crate) struct PaymentsView {
    /// The latest first.
    data: Vec<PaymentView>,
    /// Where the page is.
    pagination: PagesView,
}

/// The company's payments
///
/// One that was begun a moment ago may be missing.
#[utoipa::path(
    get,
    path = "/api/v1/payments",
    tag = "payments",
    operation_id = "list_payments",
    security(("bearer" = []), ("api_key" = [])),
    params(
        ("page" = Option<u32>, Query, description = "From 1; 1 without it"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 without it"),
        ("status" = Option<String>, Query, description = "`pending`, `succeeded`, `failed` or `canceled`"),
    ),
    responses(
        (status = 200, description = "A page of them", body = PaymentsView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `billing`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_payments(
    State(state): State<crate::State>,
    Company(caller): Company,
    query: Query,
) -> Answer<PaymentsView> {
    caller.require(Permission::Billing)?;
    let page = NumberedPage::read(&query, 20)?;
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
