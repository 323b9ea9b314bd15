//! The five operations alone, the statement and the audit.

use store::{Query, Table, Transaction, Update, attr};
use uuid::Uuid;

use super::items::{BalanceItem, DUE_ENTRIES, ENTRY_PREFIX, EntryItem, StoredState, balance_key, entry_key, partition};
use super::model::{Account, AccountId, Audit, Entry, Posting, Selection};
use super::operations::{self, NewEntry, Settlement};
use crate::due::Swept;
use crate::kernel::{Amount, Error, Page, Paged, Result, Rule, Timestamp};

/// The ledger of one product.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) table: Table,
}

/// Filtered lists stop counting about here: the page of the table that reaches it is counted to its end.
const MAX_COUNTED: u64 = 20_000;

/// The first (`rest` zero) or last (all ones) UUIDv7 of the millisecond `at`.
fn operation_at(at: Timestamp, rest: u128) -> Uuid {
    let millis = u128::try_from(at.as_millisecond()).unwrap_or_default();
    Uuid::from_u128((millis << 80) | (rest >> 48))
}

impl Ledger {
    /// The ledger kept in `table`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Credits the account. The first credit creates it.
    pub async fn credit(&self, account: AccountId, posting: &Posting, now: Timestamp) -> Result<Entry> {
        self.apply(account, posting, posting.amount, operations::credit(account, posting, now)).await
    }

    /// Debits the account in one step.
    ///
    /// Fails with [`Error::InsufficientFunds`] if the balance does not cover it.
    pub async fn debit(&self, account: AccountId, posting: &Posting, now: Timestamp) -> Result<Entry> {
        self.apply(account, posting, -posting.amount, operations::debit(account, posting, now)).await
    }

    /// Reserves `posting`.
    ///
    /// Fails with [`Error::InsufficientFunds`] if the balance does not cover it.
    pub async fn hold(&self, account: AccountId, posting: &Posting, now: Timestamp) -> Result<Entry> {
        self.apply(account, posting, -posting.amount, operations::hold(account, posting, now)).await
    }

    /// Captures `actual` of a hold of `held` and releases the rest. A repeat, or a capture after a release, changes
    /// nothing.
    pub async fn capture(&self, account: AccountId, operation: Uuid, held: Amount, actual: Amount) -> Result<Entry> {
        self.settle(account, operation, operations::capture(account, operation, held, actual)).await
    }

    /// Releases a hold of `held` in full. A repeat, or a release after a capture, changes nothing.
    pub async fn release(&self, account: AccountId, operation: Uuid, held: Amount) -> Result<Entry> {
        self.settle(account, operation, operations::release(account, operation, held)).await
    }

    /// The account's balance; an account without entries has an empty one.
    pub async fn account(&self, account: AccountId) -> Result<Account> {
        let item: Option<BalanceItem> = self.table.get(balance_key(account)).await?;
        Ok(item.map_or_else(Account::default, Account::from))
    }

    /// Sets the account's credit limit. Creates the account if there is none.
    ///
    /// Fails with [`Error::InsufficientFunds`] if more than `limit` of credit is in use.
    pub async fn set_credit(&self, account: AccountId, limit: Amount) -> Result<Account> {
        loop {
            let before = self.account(account).await?;
            let change = limit - before.credit;
            let same = attr("credit").equals(before.credit.units());
            let same = if before.credit == Amount::ZERO { same.or(attr("credit").missing()) } else { same };
            let enough = attr("available").at_least((-change).units());
            let condition = if change < Amount::ZERO { same.and(enough) } else { same };
            let update = Update::new(balance_key(account)).set("credit", limit.units());
            let update = update.add("available", change.units()).add("held", 0).add("entries", 0).when(condition);
            match self.table.update::<BalanceItem>(update).await {
                Ok(item) => return Ok(item.into()),
                Err(store::Error::ConditionFailed(failed)) => {
                    let now = failed.item::<BalanceItem>()?.map_or_else(Account::default, Account::from);
                    if now.credit == before.credit {
                        return Err(Error::InsufficientFunds { needed: -change, available: now.available });
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Entries that were due at `now`, the earliest of each shard first, at most `limit` of each.
    pub async fn due(&self, now: Timestamp, limit: u32) -> Swept<(AccountId, Entry)> {
        let sweep = DUE_ENTRIES.sweep(&self.table, now, Some(limit), |due| async move {
            let entry: Option<EntryItem> = due.load(&self.table).await?;
            Ok(entry.filter(|entry| entry.due.is_due()).map(|entry| (due.name.0, entry.into())))
        });
        sweep.await
    }

    /// One entry of the account, whatever its state.
    pub async fn find(&self, account: AccountId, operation: Uuid) -> Result<Option<Entry>> {
        let item: Option<EntryItem> = self.table.get(entry_key(account, operation)).await?;
        Ok(item.map(Entry::from))
    }

    /// A page of the account's posted entries, latest first.
    pub async fn statement(&self, account: AccountId, page: Page) -> Result<Paged<Entry>> {
        let (balance, items) = tokio::try_join!(self.account(account), self.posted_entries(account, page))?;
        Ok(Paged { items, total: balance.entries, page })
    }

    async fn posted_entries(&self, account: AccountId, page: Page) -> Result<Vec<Entry>> {
        let posted = attr("state").equals(StoredState::Posted);
        let wanted = (page.offset + page.limit) as usize;
        let query = Query::partition(partition(account)).prefix(ENTRY_PREFIX).reverse().filter(posted);
        let mut found: Vec<Entry> = Vec::new();
        let mut cursor = None;
        loop {
            // Pending and void entries are few; asking for a little more than is missing mostly ends in one read.
            let limit = u32::try_from(wanted - found.len() + 8).unwrap_or(u32::MAX);
            let read = self.table.query::<EntryItem>(query.clone().limit(limit).after(cursor)).await?;
            found.extend(read.items.into_iter().map(Entry::from));
            cursor = read.next;
            if found.len() >= wanted || cursor.is_none() {
                break;
            }
        }
        Ok(found.into_iter().skip(page.offset as usize).take(page.limit as usize).collect())
    }

    /// A page of the posted entries that match `selection`, latest first, and their number. The number is counted by
    /// reading them, up to about [`MAX_COUNTED`]; the unfiltered statement has a counter.
    pub async fn selected(&self, account: AccountId, selection: Selection, page: Page) -> Result<Paged<Entry>> {
        if selection == Selection::default() {
            return self.statement(account, page).await;
        }
        let wanted = match selection.incoming {
            None => attr("state").equals(StoredState::Posted),
            Some(true) => attr("state").equals(StoredState::Posted).and(attr("amount").at_least(1)),
            Some(false) => attr("state").equals(StoredState::Posted).and(attr("amount").less_than(1)),
        };
        // Operations are UUIDv7, so their order is that of time.
        let first = selection.start.map_or(Uuid::nil(), |at| operation_at(at, 0));
        let last = selection.end.map_or(Uuid::max(), |at| operation_at(at, u128::MAX));
        let query = Query::partition(partition(account))
            .between(format!("{ENTRY_PREFIX}{first}"), format!("{ENTRY_PREFIX}{last}"))
            .reverse()
            .filter(wanted);
        let (mut items, mut total, mut cursor) = (Vec::new(), 0, None);
        let (from, to) = (u64::from(page.offset), u64::from(page.offset) + u64::from(page.limit));
        loop {
            let read = self.table.query::<EntryItem>(query.clone().after(cursor)).await?;
            for item in read.items {
                if (from..to).contains(&total) {
                    items.push(Entry::from(item));
                }
                total += 1;
            }
            cursor = read.next;
            if cursor.is_none() || total >= MAX_COUNTED {
                return Ok(Paged { items, total, page });
            }
        }
    }

    /// Computes the balance from all entries. Only meaningful while nothing writes to the account.
    pub async fn audit(&self, account: AccountId) -> Result<Audit> {
        let entries = self.entries(account).await?;
        Ok(Audit::new(self.account(account).await?, &entries))
    }

    /// All entries of the account, earliest first.
    pub(super) async fn entries(&self, account: AccountId) -> Result<Vec<Entry>> {
        let items: Vec<EntryItem> =
            self.table.query_all(Query::partition(partition(account)).prefix(ENTRY_PREFIX)).await?;
        Ok(items.into_iter().map(Entry::from).collect())
    }

    async fn apply(&self, account: AccountId, posting: &Posting, change: Amount, operation: NewEntry) -> Result<Entry> {
        let mut transaction = Transaction::new();
        let writes = operation.add_to(&mut transaction)?;
        match self.table.commit(transaction).await {
            Ok(()) => self.entry(account, posting.operation).await,
            Err(error) => match writes.earlier_entry(&error)? {
                Some(first) if first.requested == change.units() && first.description == posting.description => {
                    Ok(first.into())
                }
                Some(_) => Err(Error::Conflict(Rule::IdempotencyKeyReused)),
                None => Err(writes.refused(error, posting.amount)?),
            },
        }
    }

    async fn settle(&self, account: AccountId, operation: Uuid, settlement: Settlement) -> Result<Entry> {
        let mut transaction = Transaction::new();
        let writes = settlement.add_to(&mut transaction);
        match self.table.commit(transaction).await {
            Ok(()) => self.entry(account, operation).await,
            Err(error) => match writes.earlier_entry(&error)? {
                Some(settled) if settled.state != StoredState::Pending => Ok(settled.into()),
                _ => Err(error.into()),
            },
        }
    }

    async fn entry(&self, account: AccountId, operation: Uuid) -> Result<Entry> {
        let item: Option<EntryItem> = self.table.get(entry_key(account, operation)).await?;
        item.map(Entry::from).ok_or_else(|| Error::internal("ledger entry", "entry is missing right after its write"))
    }
}
