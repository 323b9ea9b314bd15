//! `GET /api/v1/billing/transactions`

use axum::extract::State;
use domain::aggregator::{CallOutcome, Direction, Filter, KeyId, Permission, Transaction, UsageRecord, dollars};
use domain::kernel::Error;
use edge::openapi::{AggregatorFailed, PagesView};
use edge::{Answer, Company, Exact, NumberedPage, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// A page of the statement.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionsView {
    /// The latest first.
    data: Vec<TransactionView>,
    /// Where the page is.
    pagination: PagesView,
}

/// A line of the statement.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TransactionView {
    /// Id; of a call, the one in the id of its answer.
    #[schema(format = Uuid)]
    id: String,
    /// `DEBIT` or `CREDIT`.
    #[serde(rename = "type")]
    #[schema(example = "DEBIT")]
    kind: &'static str,
    /// How much, never negative.
    #[schema(value_type = f64, example = 0.00125)]
    amount: Exact,
    /// Always `USD`.
    #[schema(example = "USD")]
    currency: &'static str,
    /// What it was for.
    #[schema(example = "GPT-4 usage")]
    description: String,
    /// Of a call: model, provider, tokens, how it ended.
    #[schema(value_type = Object)]
    metadata: MetadataView,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum MetadataView {
    Call(CallView),
    Other {},
}

/// What the contract shows of a call, and more of the same.
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

/// The statement
#[utoipa::path(
    get,
    path = "/api/v1/billing/transactions",
    tag = "billing",
    operation_id = "list_transactions",
    security(("bearer" = []), ("api_key" = [])),
    params(
        ("page" = Option<u32>, Query, description = "From 1; 1 without it"),
        ("limit" = Option<u32>, Query, description = "1 to 100; 20 without it"),
        ("startDate" = Option<String>, Query, description = "Not before (ISO 8601)"),
        ("endDate" = Option<String>, Query, description = "Not after (ISO 8601)"),
        ("type" = Option<String>, Query, description = "`DEBIT` or `CREDIT`"),
    ),
    responses(
        (status = 200, description = "A page of it", body = TransactionsView),
        (status = 400, description = "`invalid_request`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `billing`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_transactions(
    State(state): State<crate::State>,
    Company(caller): Company,
    query: Query,
) -> Answer<TransactionsView> {
    caller.require(Permission::Billing)?;
    let page = NumberedPage::read(&query, 20)?;
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
