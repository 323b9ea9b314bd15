//! `GET /api/v1/user/balance`

use axum::extract::State;
use edge::openapi::{Failed, Success};
use edge::{Answer, Caller, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// What the user can spend, and what it is worth.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceView {
    /// Raits that can be spent now.
    #[schema(example = 1500)]
    balance: i64,
    /// Always `raits`.
    #[schema(example = "raits")]
    currency: &'static str,
    /// For people.
    #[schema(example = "Ꝑ")]
    currency_symbol: &'static str,
    /// Raits for one rouble.
    #[schema(example = 10)]
    exchange_rate: i64,
}

/// The balance
#[utoipa::path(
    get,
    path = "/api/v1/user/balance",
    tag = "user",
    operation_id = "show_balance",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The balance", body = Success<BalanceView>),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
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
