//! `GET /api/v1/billing/transactions`

use axum::extract::State;
use domain::aggregator::{CallOutcome, Direction, Filter, KeyId, Permission, Transaction, UsageRecord, dollars};
use domain::kernel::Error;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::openapi::PagesView;
use edge::{Answer, Company, Exact, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of transactions.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionsView {
    /// Transactions, newest first.
    data: Vec<TransactionView>,
    /// Position of the page.
    pagination: PagesView,
}

/// A transaction.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionView {
    /// Transaction ID. For a model call, the response's `id` contains it.
    #[schema(format = Uuid)]
    id: String,
    /// Direction: `DEBIT` or `CREDIT`.
    #[serde(rename = "type")]
    #[schema(example = "DEBIT")]
    kind: &'static str,
    /// Amount, in `currency`; never negative.
    #[schema(value_type = f64, example = 0.00125)]
    amount: Exact,
    /// Always `USD`.
    #[schema(example = "USD")]
    currency: &'static str,
    #[schema(example = "GPT-4 usage")]
    description: String,
    /// For a model call: model, provider, tokens and outcome. Otherwise empty.
    #[schema(value_type = Object)]
    metadata: MetadataView,
    /// Creation time.
    #[schema(format = DateTime)]
    created_at: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum MetadataView {
    Call(CallView),
    Other {},
}

/// `metadata` of a model call.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallView {
    model: String,
    provider: String,
    tokens: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
    outcome: CallOutcome,
    estimated: bool,
    api_key_id: Option<KeyId>,
}

impl From<UsageRecord> for CallView {
    fn from(usage: UsageRecord) -> Self {
        Self {
            tokens: usage.total_tokens(),
            model: usage.model,
            provider: usage.provider,
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            outcome: usage.outcome,
            estimated: usage.estimated,
            api_key_id: usage.key,
        }
    }
}

impl From<Transaction> for TransactionView {
    fn from(transaction: Transaction) -> Self {
        Self {
            id: transaction.id.to_string(),
            kind: match transaction.direction {
                Direction::Debit => "DEBIT",
                Direction::Credit => "CREDIT",
            },
            amount: Exact::new(dollars(transaction.amount)),
            currency: "USD",
            description: transaction.description,
            metadata: transaction.usage.map_or(MetadataView::Other {}, |usage| MetadataView::Call(usage.into())),
            created_at: format!("{:.3}", transaction.created_at),
        }
    }
}

/// List transactions
#[utoipa::path(
    get,
    path = "/api/v1/billing/transactions",
    tag = "billing",
    operation_id = "list_transactions",
    security(("bearer" = []), ("api_key" = [])),
    params(
        ("page" = Option<u32>, Query, description = "Page number, from 1. Default 1"),
        ("limit" = Option<u32>, Query, description = "Items per page, 1 to 100. Default 20"),
        ("startDate" = Option<String>, Query, description = "Earliest creation time: ISO 8601 time or date"),
        ("endDate" = Option<String>, Query, description = "Latest creation time: ISO 8601 time or date"),
        ("type" = Option<String>, Query, description = "Direction: `DEBIT` or `CREDIT`"),
    ),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "A page of transactions", body = TransactionsView),
        (status = 400, description = "`invalid_request`: invalid query parameter", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `billing`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_transactions(
    State(state): State<crate::State>,
    Company(caller): Company,
    query: Query,
) -> Answer<TransactionsView> {
    caller.require(Permission::Billing)?;
    let page = query.numbered_page(20)?;
    let filter = Filter {
        start: query.time("startDate", false)?,
        end: query.time("endDate", true)?,
        direction: query.get("type")?.map(direction).transpose()?,
    };
    let statement = state.billing.statement(caller.company, filter, page.page()).await?;
    let data = statement.transactions.into_iter().map(TransactionView::from).collect();
    Ok(Reply::ok(TransactionsView { data, pagination: PagesView::of(page, statement.total) }))
}

fn direction(word: &str) -> Result<Direction, Error> {
    match word.to_ascii_uppercase().as_str() {
        "DEBIT" => Ok(Direction::Debit),
        "CREDIT" => Ok(Direction::Credit),
        _ => Err(Error::invalid("type", "not_allowed", "Ожидается DEBIT или CREDIT")),
    }
}
