//! `GET /api/v1/payments/methods`

use axum::extract::State;
use domain::easy_writer::{MIN_ROUBLES, PaymentMethod, RAITS_PER_ROUBLE};
use edge::easy_writer::openapi::{AuthErrors, Errors, Success};
use edge::{Answer, Caller, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// Payment methods for raits.
#[derive(Serialize, ToSchema)]
pub(crate) struct MethodsView {
    /// Configured payment providers.
    methods: Vec<MethodView>,
    /// Raits per rouble.
    #[schema(example = 10)]
    exchange_rate: i64,
    /// Minimum amount, in roubles.
    #[schema(example = 100)]
    min_amount_rub: i64,
}

/// A payment method.
#[derive(Serialize, ToSchema)]
pub(crate) struct MethodView {
    /// Provider ID, for the field `provider` of `POST /payments/create`.
    #[schema(example = "yookassa")]
    id: &'static str,
    /// Display name.
    #[schema(example = "ЮKassa")]
    name: &'static str,
    /// File name of the icon.
    #[schema(example = "yookassa.svg")]
    icon: &'static str,
}

impl From<PaymentMethod> for MethodView {
    fn from(method: PaymentMethod) -> Self {
        Self { id: method.provider.as_str(), name: method.name, icon: method.icon }
    }
}

/// List payment methods
///
/// Only configured providers are listed.
#[utoipa::path(
    get,
    path = "/api/v1/payments/methods",
    tag = "payments",
    operation_id = "list_methods",
    security(("bearer" = [])),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The payment methods", body = Success<MethodsView>),
    )
)]
pub(crate) async fn list_methods(State(state): State<crate::State>, _: Caller) -> Answer<MethodsView> {
    let methods = state.deposits.methods().into_iter().map(Into::into).collect();
    Ok(Reply::ok(MethodsView { methods, exchange_rate: RAITS_PER_ROUBLE, min_amount_rub: MIN_ROUBLES }))
}
