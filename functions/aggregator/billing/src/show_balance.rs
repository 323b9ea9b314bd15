//! `GET /api/v1/billing/balance`

use axum::extract::State;
use domain::aggregator::{Permission, dollars};
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, Exact, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// Balance of a company.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BalanceView {
    #[schema(format = Uuid)]
    company_id: String,
    /// Sum of all transactions, in `currency`; negative where credit is used.
    #[schema(value_type = f64, example = 100.5)]
    balance: Exact,
    /// Amount reserved by running calls.
    #[schema(value_type = f64, example = 0.5)]
    reserved: Exact,
    /// Amount that can be spent now: balance plus credit limit minus reserved.
    #[schema(value_type = f64, example = 1100)]
    available: Exact,
    /// Always `USD`.
    #[schema(example = "USD")]
    currency: &'static str,
    /// Amount by which the balance may be negative.
    #[schema(value_type = f64, example = 1000)]
    credit_limit: Exact,
    /// Time at which the balance was read.
    #[schema(format = DateTime)]
    last_updated: String,
}

/// Retrieve the balance
#[utoipa::path(
    get,
    path = "/api/v1/billing/balance",
    tag = "billing",
    operation_id = "show_balance",
    security(("bearer" = []), ("api_key" = [])),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The balance", body = BalanceView),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `billing`", body = AggregatorFailed),
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
