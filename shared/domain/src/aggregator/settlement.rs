//! How a call is paid: the most it can cost is held before a vendor is asked, what it did cost is captured after.
//!
//! What has to follow a capture, counting, is a message. It says everything that the capture needs too, so that either of the two is enough: a
//! capture that failed is made up for by whoever counts, and a message that got lost is sent again by the sweeper, which finds the entry because it stays
//! due until it is counted. A hold that nobody captured, because its process was killed, is released by the sweeper.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use store::{Put, Queue, Table, Write};
use uuid::Uuid;

use super::access::Caller;
use super::ids::CompanyId;
use super::items::{AnswerItem, answer_key};
use super::record::{UsageMessage, UsageRecord};
use crate::idempotency::Request;
use crate::kernel::{Amount, Clock, Error, IdSource, Result, Rule, Timestamp, epoch_seconds};
use crate::ledger::{self, EntryState, Ledger, Posting};

/// When somebody looks after a call that is not settled: Lambda stops a function after a quarter of an hour.
const PATIENCE: Duration = Duration::from_mins(16);
/// How long an answer is kept for a repeat of its request.
const MEMORY: Duration = Duration::from_hours(24);
/// The longest answer that is kept, in bytes: an item takes 400 KB. A repeat of a call with a longer one is refused, not charged again.
const MAX_ANSWER: usize = 380_000;
/// How many overdue calls of each shard one sweep looks after.
const SWEEP: u32 = 50;

/// A call whose most possible cost is held.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Who pays.
    pub caller: Caller,
    /// The id of the call.
    pub operation: Uuid,
    /// What is held.
    pub held: Amount,
    /// When it was asked for.
    pub begun: Timestamp,
    /// By what a repeat is known.
    pub request: Option<Request>,
}

/// What became of a request to hold.
pub enum Held {
    /// It is held.
    New(Hold),
    /// The same request came before, and this was its answer.
    Earlier(String),
}

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Calls whose hold was given back.
    pub released: u32,
    /// Calls whose message was sent again.
    pub sent: u32,
    /// How often something could not be done. It is still there for the next sweep.
    pub problems: u32,
}

/// The port to whoever has calls paid.
#[async_trait]
pub trait Cashier: Send + Sync {
    /// Holds the most that a call can cost, for `what`.
    async fn hold(&self, caller: Caller, most: Amount, what: &str, request: Option<Request>) -> Result<Held>;

    /// Takes what a call cost, keeps its answer if it may be asked for again, and has it counted.
    async fn settle(&self, hold: &Hold, cost: Amount, record: UsageRecord, answer: Option<String>) -> Result<()>;

    /// Gives a hold back in full, and forgets the request: it may be tried again.
    async fn release(&self, hold: &Hold) -> Result<()>;
}

/// Has calls paid from the accounts of a ledger.
#[derive(Clone)]
pub struct Till {
    /// The accounts.
    pub ledger: Ledger,
    /// Where they are kept.
    pub table: Table,
    /// Whose reader counts.
    pub queue: Queue,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Mints operations.
    pub ids: Arc<dyn IdSource>,
}

#[async_trait]
impl Cashier for Till {
    /// One transaction: it is the only write before the vendor is asked.
    async fn hold(&self, caller: Caller, most: Amount, what: &str, request: Option<Request>) -> Result<Held> {
        let begun = self.clock.now();
        let operation = self.ids.uuid(begun);
        let posting = Posting { operation, amount: most, description: format!("{what} usage") };
        let mut writes = ledger::due_hold_writes(caller.company.into(), &posting, begun + PATIENCE, begun)?;
        let request_write = writes.len();
        if let Some(request) = &request {
            writes.push(request.write(operation, begun)?);
        }
        let error = match self.table.transact(writes).await {
            Ok(()) => return Ok(Held::New(Hold { caller, operation, held: most, begun, request })),
            Err(error) => error,
        };
        if let Some(request) = &request
            && let Some(earlier) = request.earlier(&error, request_write)?
        {
            return self.earlier(caller.company, earlier, request).await.map(Held::Earlier);
        }
        Err(ledger::refused(error, ledger::BALANCE_WRITE, most)?)
    }

    async fn settle(&self, hold: &Hold, cost: Amount, record: UsageRecord, answer: Option<String>) -> Result<()> {
        let company = hold.caller.company;
        let account = company.into();
        let mut writes = ledger::capture_writes_with(account, hold.operation, hold.held, cost, &record);
        let answer = answer.filter(|answer| hold.request.is_some() && answer.len() <= MAX_ANSWER);
        if let Some(body) = answer {
            let expires_at = epoch_seconds(self.clock.now() + MEMORY);
            writes.push(Put::new(&AnswerItem { key: answer_key(company, hold.operation), body, expires_at })?.into());
        }
        let message =
            UsageMessage { company, operation: hold.operation, held: hold.held.units(), cost: cost.units(), record };
        let (captured, sent) = tokio::join!(self.table.transact(writes), self.queue.send(&message));
        match (captured, sent) {
            (Ok(()), Ok(())) => Ok(()),
            (Ok(()), Err(error)) => {
                tracing::warn!(%error, operation = %hold.operation, "usage message not sent, the sweeper will");
                Ok(())
            }
            (Err(error), Ok(())) => {
                tracing::warn!(%error, operation = %hold.operation, "not captured, whoever counts will");
                Ok(())
            }
            (Err(error), Err(_)) => Err(error.into()),
        }
    }

    async fn release(&self, hold: &Hold) -> Result<()> {
        let mut writes: Vec<Write> = ledger::release_due_writes(hold.caller.company.into(), hold.operation, hold.held);
        writes.extend(hold.request.as_ref().map(Request::forget));
        Ok(self.table.transact(writes).await?)
    }
}

impl Till {
    /// What became of a call that was asked for before.
    async fn earlier(&self, company: CompanyId, operation: Uuid, request: &Request) -> Result<String> {
        let (answer, entry) = tokio::try_join!(
            async { Ok(self.table.get::<AnswerItem>(answer_key(company, operation)).await?) },
            self.ledger.find(company.into(), operation)
        )?;
        match (answer, entry.map(|entry| entry.state)) {
            (Some(answer), _) => Ok(answer.body),
            (None, Some(EntryState::Pending { .. })) => Err(Error::Conflict(Rule::InProgress)),
            // Its process was killed. The next try is a new one.
            (None, Some(EntryState::Void)) => {
                self.table.transact(vec![request.forget()]).await?;
                Err(Error::Conflict(Rule::Busy))
            }
            // It is paid for, and too long to be kept, or its caller left before it was whole.
            (None, _) => Err(Error::Conflict(Rule::NotCompleted)),
        }
    }

    /// Looks after calls that should be over: releases holds that nobody captured, and has those counted that were not.
    pub async fn sweep(&self) -> Result<Swept> {
        let now = self.clock.now();
        let mut swept = Swept::default();
        for (account, entry) in self.ledger.due(now, SWEEP).await? {
            let done = match entry.state {
                EntryState::Pending { held } => {
                    let writes = ledger::release_due_writes(account, entry.operation, held);
                    match self.table.transact(writes).await {
                        Ok(()) => {
                            swept.released += 1;
                            Ok(())
                        }
                        // It was captured a moment ago.
                        Err(error) if error.failed_write(ledger::ENTRY_WRITE).is_some() => Ok(()),
                        Err(error) => Err(error.into()),
                    }
                }
                EntryState::Posted { amount } => match UsageRecord::read(entry.details) {
                    Ok(Some(record)) => {
                        let (company, cost) = (account.into(), -amount.units());
                        let message = UsageMessage { company, operation: entry.operation, held: cost, cost, record };
                        self.queue.send(&message).await.map(|()| swept.sent += 1).map_err(Error::from)
                    }
                    Ok(None) => Err(Error::internal("due entry", "it has no usage record")),
                    Err(error) => Err(error),
                },
                EntryState::Void => Ok(()),
            };
            if let Err(error) = done {
                tracing::error!(%error, operation = %entry.operation, "call not looked after");
                swept.problems += 1;
            }
        }
        Ok(swept)
    }
}
