//! `GET /api/v1/payments/methods`

use axum::extract::State;
use domain::easy_writer::{MIN_ROUBLES, PaymentMethod, RAITS_PER_ROUBLE};
use edge::openapi::{Failed, Success};
use edge::{Answer, Caller, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// How raits can be bought.
#[derive(Serialize, ToSchema)]
pub(crate) struct MethodsView {
    /// Who takes the money.
    methods: Vec<MethodView>,
    /// Raits for one rouble.
    #[schema(example = 10)]
    exchange_rate: i64,
    /// The least that can be paid, in roubles.
    #[schema(example = 100)]
    min_amount_rub: i64,
}

/// A way to pay.
#[derive(Serialize, ToSchema)]
pub(crate) struct MethodView {
    /// What to name it in a request.
    #[schema(example = "yookassa")]
    id: &'static str,
    /// What people call it.
    #[schema(example = "ЮKassa")]
    name: &'static str,
    /// File name of its sign.
    #[schema(example = "yookassa.svg")]
    icon: &'static str,
}

impl From<PaymentMethod> for MethodView {
    fn from(method: PaymentMethod) -> Self {
        Self { id: method.provider.as_str(), name: method.name, icon: method.icon }
    }
}

/// Ways to pay
///
/// Only those that are set up.
#[utoipa::path(
    get,
    path = "/api/v1/payments/methods",
    tag = "payments",
    operation_id = "list_methods",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The ways to pay", body = Success<MethodsView>),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn list_methods(State(state): State<crate::State>, _: Caller) -> Answer<MethodsView> {
    let methods = state.deposits.methods().into_iter().map(Into::into).collect();
    Ok(Reply::ok(MethodsView { methods, exchange_rate: RAITS_PER_ROUBLE, min_amount_rub: MIN_ROUBLES }))
}
