//! The five operations, the statement and the audit.

use store::{Condition, Put, Query, Table, Update, Write, attr};
use uuid::Uuid;

use super::items::{BalanceItem, ENTRY_PREFIX, EntryItem, StoredState, balance_key, entry_key, partition};
use super::model::{Account, AccountId, Audit, Entry, Posting};
use crate::kernel::{Amount, Error, Page, Paged, Result, Rule, Timestamp};

/// The ledger of one product.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) table: Table,
}

/// Position of the balance update in each operation's list of writes.
pub(crate) const BALANCE_WRITE: usize = 0;
/// Position of the entry in each operation's list of writes.
pub(crate) const ENTRY_WRITE: usize = 1;

impl Ledger {
    /// The ledger kept in `table`.
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Puts `posting` on the account; the account comes into being with its first credit.
    pub async fn credit(&self, account: AccountId, posting: &Posting, now: Timestamp) -> Result<Entry> {
        self.apply(account, posting, posting.amount, credit_writes(account, posting, now)?).await
    }

    /// Takes `posting` off the account at once.
    ///
    /// Fails with [`Error::InsufficientFunds`] if the balance does not cover it.
    pub async fn debit(&self, account: AccountId, posting: &Posting, now: Timestamp) -> Result<Entry> {
        self.apply(account, posting, -posting.amount, debit_writes(account, posting, now)?).await
    }

    /// Reserves `posting`.
    ///
    /// Fails with [`Error::InsufficientFunds`] if the balance does not cover it.
    pub async fn hold(&self, account: AccountId, posting: &Posting, now: Timestamp) -> Result<Entry> {
        self.apply(account, posting, -posting.amount, hold_writes(account, posting, now)?).await
    }

    /// Spends `actual` of a hold of `held` and gives the rest back. Repeating it, or capturing what was released, changes nothing.
    pub async fn capture(&self, account: AccountId, operation: Uuid, held: Amount, actual: Amount) -> Result<Entry> {
        self.settle(account, operation, capture_writes(account, operation, held, actual)).await
    }

    /// Gives a hold of `held` back in full. Repeating it, or releasing what was captured, changes nothing.
    pub async fn release(&self, account: AccountId, operation: Uuid, held: Amount) -> Result<Entry> {
        self.settle(account, operation, release_writes(account, operation, held)).await
    }

    /// The account's balance; an account without entries has an empty one.
    pub async fn account(&self, account: AccountId) -> Result<Account> {
        let item: Option<BalanceItem> = self.table.get(balance_key(account)).await?;
        Ok(item.map_or_else(Account::default, Account::from))
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

    /// Adds up all entries of the account and compares with its balance. Only meaningful while nothing writes to the account.
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

    async fn apply(&self, account: AccountId, posting: &Posting, change: Amount, writes: Vec<Write>) -> Result<Entry> {
        match self.table.transact(writes).await {
            Ok(()) => self.entry(account, posting.operation).await,
            Err(error) => match repeated_entry(&error)? {
                Some(first) if first.requested == change.units() && first.description == posting.description => {
                    Ok(first.into())
                }
                Some(_) => Err(Error::Conflict(Rule::IdempotencyKeyReused)),
                None => Err(refused(error, BALANCE_WRITE, posting.amount)?),
            },
        }
    }

    async fn settle(&self, account: AccountId, operation: Uuid, writes: Vec<Write>) -> Result<Entry> {
        match self.table.transact(writes).await {
            Ok(()) => self.entry(account, operation).await,
            Err(error) => match repeated_entry(&error)? {
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

/// The entry that an earlier call with the same operation id left behind.
fn repeated_entry(error: &store::Error) -> Result<Option<EntryItem>> {
    match error.failed_write(ENTRY_WRITE) {
        Some(failed) => Ok(failed.item()?),
        None => Ok(None),
    }
}

/// What the failed balance update at `index` means: the account does not cover `needed`. Other failures keep their meaning.
pub(crate) fn refused(error: store::Error, index: usize, needed: Amount) -> Result<Error> {
    let available = match error.failed_write(index) {
        Some(failed) => failed.item::<BalanceItem>()?.map_or(Amount::ZERO, |item| Amount::new(item.available)),
        None => return Ok(error.into()),
    };
    Ok(Error::InsufficientFunds { needed, available })
}

/// Credit as writes: balance, entry.
pub(crate) fn credit_writes(account: AccountId, posting: &Posting, now: Timestamp) -> Result<Vec<Write>> {
    let units = posting.amount.units();
    let balance = Update::new(balance_key(account)).add("available", units).add("held", 0).add("entries", 1);
    Ok(vec![balance.into(), new_entry(account, posting, StoredState::Posted, posting.amount, now)?])
}

/// Debit as writes: balance, entry.
pub(crate) fn debit_writes(account: AccountId, posting: &Posting, now: Timestamp) -> Result<Vec<Write>> {
    let units = posting.amount.units();
    let balance = Update::new(balance_key(account))
        .add("available", -units)
        .add("entries", 1)
        .when(attr("available").at_least(units));
    Ok(vec![balance.into(), new_entry(account, posting, StoredState::Posted, -posting.amount, now)?])
}

/// Hold as writes: balance, entry.
pub(crate) fn hold_writes(account: AccountId, posting: &Posting, now: Timestamp) -> Result<Vec<Write>> {
    let units = posting.amount.units();
    let balance = Update::new(balance_key(account))
        .add("available", -units)
        .add("held", units)
        .when(attr("available").at_least(units));
    Ok(vec![balance.into(), new_entry(account, posting, StoredState::Pending, -posting.amount, now)?])
}

/// Capture as writes: balance, entry. `actual` is capped by `held`, so a capture never takes more than was reserved.
pub(crate) fn capture_writes(account: AccountId, operation: Uuid, held: Amount, actual: Amount) -> Vec<Write> {
    let actual = actual.min(held).max(Amount::ZERO);
    let balance = Update::new(balance_key(account))
        .add("available", (held - actual).units())
        .add("held", -held.units())
        .add("entries", 1);
    let entry = Update::new(entry_key(account, operation))
        .set("state", StoredState::Posted)
        .set("amount", (-actual).units())
        .when(is_pending(held));
    vec![balance.into(), entry.into()]
}

/// Release as writes: balance, entry.
pub(crate) fn release_writes(account: AccountId, operation: Uuid, held: Amount) -> Vec<Write> {
    let balance = Update::new(balance_key(account)).add("available", held.units()).add("held", -held.units());
    let entry = Update::new(entry_key(account, operation)).set("state", StoredState::Void).when(is_pending(held));
    vec![balance.into(), entry.into()]
}

fn is_pending(held: Amount) -> Condition {
    attr("state").equals(StoredState::Pending).and(attr("requested").equals((-held).units()))
}

fn new_entry(
    account: AccountId,
    posting: &Posting,
    state: StoredState,
    requested: Amount,
    now: Timestamp,
) -> Result<Write> {
    let item = EntryItem::new(account, posting, state, requested, now);
    Ok(Put::new(&item)?.when(Condition::item_missing()).into())
}
