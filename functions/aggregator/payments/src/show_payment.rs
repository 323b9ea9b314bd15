//! `GET /api/v1/payments/{payment_id}`

use axum::extract::State;
use domain::aggregator::Permission;
use domain::kernel::{Error, Resource};
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, PathParameter, Reply};

use crate::wire::PaymentView;

/// Retrieve a payment
#[utoipa::path(
    get,
    path = "/api/v1/payments/{payment_id}",
    tag = "payments",
    operation_id = "show_payment",
    security(("bearer" = []), ("api_key" = [])),
    params(("payment_id" = String, Path, format = Uuid, description = "ID of the payment")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The payment", body = PaymentView),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `billing`", body = AggregatorFailed),
        (status = 404, description = "`payment_not_found`", body = AggregatorFailed),
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
