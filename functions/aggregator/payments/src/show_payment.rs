//! `GET /api/v1/payments/{payment_id}`

use axum::extract::State;
use domain::aggregator::Permission;
use domain::kernel::{Error, Resource};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, PathParameter, Reply};

use crate::wire::PaymentView;

/// A payment
#[utoipa::path(
    get,
    path = "/api/v1/payments/{payment_id}",
    tag = "payments",
    operation_id = "show_payment",
    security(("bearer" = []), ("api_key" = [])),
    params(("payment_id" = String, Path, format = Uuid, description = "Id of the payment")),
    responses(
        (status = 200, description = "The payment", body = PaymentView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `billing`", body = AggregatorFailed),
        (status = 404, description = "`payment_not_found`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn show_payment(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(payment): PathParameter,
) -> Answer<PaymentView> {
    caller.require(Permission::Billing)?;
    let payment = payment.parse().map_err(|_| Error::NotFound(Resource::PAYMENT))?;
    let payment = state.deposits.payments.get(caller.company.into(), payment).await?;
    Ok(Reply::ok(PaymentView::new(payment, state.clock.now())))
}
