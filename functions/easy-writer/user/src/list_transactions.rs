//! `GET /api/v1/user/transactions`

use axum::extract::State;
use domain::kernel::Amount;
use domain::ledger::{Entry, EntryState};
use edge::easy_writer::openapi::{AuthErrors, Errors, Failed, Success};
use edge::openapi::PaginationView;
use edge::{Answer, Caller, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of transactions.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionsView {
    /// Transactions, newest first.
    transactions: Vec<TransactionView>,
    /// Position of the page.
    pagination: PaginationView,
}

/// A transaction.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionView {
    /// Transaction ID. For a generation, the session ID.
    #[schema(format = Uuid)]
    id: String,
    /// Type: `topup` or `spend`.
    #[schema(example = "spend")]
    r#type: &'static str,
    /// Amount, in raits; negative for spending.
    #[schema(example = -15)]
    amount: i64,
    #[schema(example = "Проверка орфографии")]
    description: String,
    /// Creation time.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Entry> for TransactionView {
    fn from(entry: Entry) -> Self {
        let amount = match entry.state {
            EntryState::Posted { amount } => amount,
            EntryState::Pending { .. } | EntryState::Void => Amount::ZERO,
        };
        Self {
            id: entry.operation.to_string(),
            r#type: if amount.is_positive() { "topup" } else { "spend" },
            amount: amount.units(),
            description: entry.description,
            created_at: entry.created_at.to_string(),
        }
    }
}

/// List transactions
///
/// Amounts reserved by running generations are listed once they are spent.
#[utoipa::path(
    get,
    path = "/api/v1/user/transactions",
    tag = "user",
    operation_id = "list_transactions",
    security(("bearer" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items per page, 1 to 100. Default 20"),
        ("offset" = Option<u32>, Query, maximum = 10_000, description = "Number of items to skip, up to 10000. Default 0"),
    ),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "A page of transactions", body = Success<TransactionsView>),
        (status = 400, description = "`VALIDATION_ERROR`: invalid query parameter", body = Failed),
    )
)]
pub(crate) async fn list_transactions(
    State(state): State<crate::State>,
    caller: Caller,
    query: Query,
) -> Answer<TransactionsView> {
    let page = query.page(20)?;
    let paged = state.accounts.transactions(caller.user(), page).await?;
    let pagination = PaginationView::of(&paged);
    Ok(Reply::ok(TransactionsView { transactions: paged.items.into_iter().map(Into::into).collect(), pagination }))
}
