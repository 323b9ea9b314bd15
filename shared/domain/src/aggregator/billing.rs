//! Balance and statement of a company.

use store::Table;
use uuid::Uuid;

use super::ids::CompanyId;
use super::record::UsageRecord;
use crate::kernel::{Amount, Page, Result, Timestamp};
use crate::ledger::{Account, Entry, EntryState, Ledger, Selection};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Debit,
    Credit,
}

/// Filter of a statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before.
    pub start: Option<Timestamp>,
    /// Not after.
    pub end: Option<Timestamp>,
    pub direction: Option<Direction>,
}

/// A posted entry of the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// Id of the operation.
    pub id: Uuid,
    pub direction: Direction,
    /// Never negative.
    pub amount: Amount,
    pub description: String,
    /// Of a call.
    pub usage: Option<UsageRecord>,
    pub created_at: Timestamp,
}

impl Transaction {
    /// A posted entry; others are no transactions yet, or never were.
    fn of(entry: Entry) -> Result<Option<Self>> {
        let EntryState::Posted { amount } = entry.state else { return Ok(None) };
        let (direction, amount) =
            if amount.is_positive() { (Direction::Credit, amount) } else { (Direction::Debit, -amount) };
        Ok(Some(Self {
            id: entry.operation,
            direction,
            amount,
            description: entry.description,
            usage: UsageRecord::read(entry.details)?,
            created_at: entry.created_at,
        }))
    }
}

/// A page of the statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Latest first.
    pub transactions: Vec<Transaction>,
    /// Transactions that match the filter.
    pub total: u64,
}

/// Balances and statements.
#[derive(Debug, Clone)]
pub struct Billing {
    ledger: Ledger,
}

impl Billing {
    /// Accounts kept in `table`.
    pub fn new(table: Table) -> Self {
        Self { ledger: Ledger::new(table) }
    }

    pub async fn account(&self, company: CompanyId) -> Result<Account> {
        self.ledger.account(company.into()).await
    }

    /// A page of the company's statement. Calls that cost nothing are debits.
    pub async fn statement(&self, company: CompanyId, filter: Filter, page: Page) -> Result<Statement> {
        let selection = Selection {
            start: filter.start,
            end: filter.end,
            incoming: filter.direction.map(|direction| direction == Direction::Credit),
        };
        let paged = self.ledger.selected(company.into(), selection, page).await?;
        let transactions = paged.items.into_iter().filter_map(|entry| Transaction::of(entry).transpose());
        Ok(Statement { transactions: transactions.collect::<Result<_>>()?, total: paged.total })
    }
}
