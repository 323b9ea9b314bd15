//! `GET /api/v1/user/transactions`

use axum::extract::State;
use domain::kernel::Amount;
use domain::ledger::{Entry, EntryState};
use edge::openapi::{Failed, PaginationView, Success};
use edge::{Answer, Caller, PagingOf, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of transactions, latest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionsView {
    /// The transactions.
    transactions: Vec<TransactionView>,
    /// Where the page is.
    pagination: PaginationView,
}

/// A change of the balance.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionView {
    /// Id. A generation's transaction has the id of its session.
    #[schema(format = Uuid)]
    id: String,
    /// `topup` or `spend`.
    #[schema(example = "spend")]
    r#type: &'static str,
    /// Raits: positive came in, negative went out.
    #[schema(example = -15)]
    amount: i64,
    /// What for.
    #[schema(example = "Проверка орфографии")]
    description: String,
    /// When it began.
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

/// The user's transactions
///
/// What running generations have reserved is not listed until it is spent.
#[utoipa::path(
    get,
    path = "/api/v1/user/transactions",
    tag = "user",
    operation_id = "list_transactions",
    security(("bearer" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items of the page, 20 unless given"),
        ("offset" = Option<u32>, Query, maximum = 10_000, description = "Items to skip"),
    ),
    responses(
        (status = 200, description = "A page of transactions", body = Success<TransactionsView>),
        (status = 400, description = "`VALIDATION_ERROR`", body = Failed),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn list_transactions(
    State(state): State<crate::State>,
    caller: Caller,
    PagingOf(page): PagingOf<20>,
) -> Answer<TransactionsView> {
    let paged = state.accounts.transactions(caller.user(), page).await?;
    let pagination = PaginationView::of(&paged);
    Ok(Reply::ok(TransactionsView { transactions: paged.items.into_iter().map(Into::into).collect(), pagination }))
}
