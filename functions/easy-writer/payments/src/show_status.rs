//! `GET /api/v1/payments/{payment_id}/status`

use axum::extract::State;
use domain::easy_writer::whole_roubles;
use domain::kernel::{Error, Resource};
use domain::payments::{Payment, Status};
use edge::easy_writer::openapi::{AuthErrors, Errors, Failed, Success};
use edge::{Answer, Caller, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// A payment.
#[derive(Serialize, ToSchema)]
pub(crate) struct PaymentView {
    #[schema(format = Uuid)]
    payment_id: String,
    /// Status: `pending`, `completed` or `failed`. A late payment still becomes `completed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// Amount, in roubles.
    #[schema(example = 500)]
    amount_rub: i64,
    /// Amount to credit, in raits.
    #[schema(example = 5000)]
    amount_raits: i64,
    /// Payment provider.
    #[schema(example = "yookassa")]
    provider: &'static str,
    /// Creation time.
    #[schema(format = DateTime)]
    created_at: String,
    /// Time of the credit; null until completed.
    #[schema(format = DateTime)]
    completed_at: Option<String>,
}

impl PaymentView {
    fn new(payment: &Payment, status: Status) -> Self {
        Self {
            payment_id: payment.id.to_string(),
            status: match status {
                Status::Pending => "pending",
                Status::Completed => "completed",
                Status::Failed => "failed",
            },
            amount_rub: whole_roubles(payment.amount),
            amount_raits: payment.credit.units(),
            provider: payment.provider.as_str(),
            created_at: payment.created_at.to_string(),
            completed_at: payment.paid_at.map(|at| at.to_string()),
        }
    }
}

/// Retrieve a payment
#[utoipa::path(
    get,
    path = "/api/v1/payments/{payment_id}/status",
    tag = "payments",
    operation_id = "show_status",
    security(("bearer" = [])),
    params(("payment_id" = String, Path, format = Uuid, description = "ID of the payment")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The payment", body = Success<PaymentView>),
        (status = 404, description = "`PAYMENT_NOT_FOUND`", body = Failed),
    )
)]
pub(crate) async fn show_status(
    State(state): State<crate::State>,
    caller: Caller,
    PathParameter(payment): PathParameter,
) -> Answer<PaymentView> {
    let payment = payment.parse().map_err(|_| Error::NotFound(Resource::PAYMENT))?;
    let payment = state.payments.get(caller.user(), payment).await?;
    Ok(Reply::ok(PaymentView::new(&payment, state.payments.status(&payment))))
}
