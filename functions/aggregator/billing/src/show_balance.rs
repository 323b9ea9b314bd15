//! `GET /api/v1/billing/balance`

use axum::extract::State;
use domain::aggregator::{Permission, dollars};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, Exact, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// What a company has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BalanceView {
    /// The company.
    #[schema(format = Uuid)]
    company_id: String,
    /// What all transactions add up to; below zero where credit is used.
    #[schema(value_type = f64, example = 100.5)]
    balance: Exact,
    /// What calls that are running hold of it.
    #[schema(value_type = f64, example = 0.5)]
    reserved: Exact,
    /// What can be spent now: balance and credit less what is reserved.
    #[schema(value_type = f64, example = 1100)]
    available: Exact,
    /// Always `USD`.
    #[schema(example = "USD")]
    currency: &'static str,
    /// How far below zero the balance may go.
    #[schema(value_type = f64, example = 1000)]
    credit_limit: Exact,
    /// When this was read.
    #[schema(format = DateTime)]
    last_updated: String,
}

/// The balance
#[utoipa::path(
    get,
    path = "/api/v1/billing/balance",
    tag = "billing",
    operation_id = "show_balance",
    security(("bearer" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The balance", body = BalanceView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `billing`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn show_balance(State(state): State<crate::State>, Company(caller): Company) -> Answer<BalanceView> {
    caller.require(Permission::Billing)?;
    let account = state.billing.account(caller.company).await?;
    let exact = |amount| Exact::new(dollars(amount));
    Ok(Reply::ok(BalanceView {
        company_id: caller.company.to_string(),
        balance: exact(account.balance()),
        reserved: exact(account.held),
        available: exact(account.available),
        currency: "USD",
        credit_limit: exact(account.credit),
        last_updated: format!("{:.3}", state.clock.now()),
    }))
}
