//! `GET /api/v1/user/balance`

use axum::extract::State;
use edge::easy_writer::openapi::{AuthErrors, Errors, Success};
use edge::{Answer, Caller, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// Balance of a user.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceView {
    /// Available balance, in raits.
    #[schema(example = 1500)]
    balance: i64,
    /// Always `raits`.
    #[schema(example = "raits")]
    currency: &'static str,
    /// Currency symbol.
    #[schema(example = "Ꝑ")]
    currency_symbol: &'static str,
    /// Raits per rouble.
    #[schema(example = 10)]
    exchange_rate: i64,
}

/// Retrieve the balance
#[utoipa::path(
    get,
    path = "/api/v1/user/balance",
    tag = "user",
    operation_id = "show_balance",
    security(("bearer" = [])),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The balance", body = Success<BalanceView>),
    )
)]
pub(crate) async fn show_balance(State(state): State<crate::State>, caller: Caller) -> Answer<BalanceView> {
    let balance = state.accounts.balance(caller.user()).await?;
    Ok(Reply::ok(BalanceView {
        balance: balance.units(),
        currency: "raits",
        currency_symbol: "Ꝑ",
        exchange_rate: domain::easy_writer::RAITS_PER_ROUBLE,
    }))
}
