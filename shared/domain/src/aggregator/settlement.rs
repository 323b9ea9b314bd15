//! Billing of model calls: the most that a call can cost is held before a vendor is called, what it did cost is
//! captured after.
//!
//! Counting follows the capture, by a message that has everything the capture needs. If the capture fails, the usage
//! worker captures; if the message is lost, the sweeper resends it, because the entry stays due until the call is
//! counted. A hold that is never captured, because its process was killed, is released by the sweeper.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use store::{Put, Queue, Table, Transaction};
use uuid::Uuid;

use super::authenticator::Caller;
use super::ids::CompanyId;
use super::items::{AnswerItem, answer_key};
use super::record::{UsageMessage, UsageRecord};
use crate::idempotency::{self, Request};
use crate::kernel::{Amount, Clock, Error, IdSource, Result, Rule, Timestamp, epoch_seconds};
use crate::ledger::{self, EntryState, Ledger, Posting};

/// When the sweeper looks at a call that is not settled: Lambda stops a function after 15 minutes.
const HOLD_TIMEOUT: Duration = Duration::from_mins(16);
/// How long an answer is kept for an idempotent replay.
const ANSWER_TTL: Duration = Duration::from_hours(24);
/// The longest answer that is kept, in bytes: an item takes 400 KB. A replay of a call with a longer one is refused,
/// not charged again.
const MAX_ANSWER: usize = 380_000;
/// Due calls of each shard in one sweep.
const SWEEP_LIMIT: u32 = 50;

/// A call, and the most that it can cost, held.
#[derive(Debug, Clone)]
pub struct Hold {
    pub caller: Caller,
    /// Id of the call.
    pub operation: Uuid,
    pub held: Amount,
    /// When the call began.
    pub begun: Timestamp,
    /// Of a call with an idempotency key.
    pub request: Option<Request>,
}

/// The outcome of a request to hold.
pub enum HoldOutcome {
    New(Hold),
    /// An idempotent replay: the answer to the first request.
    Replayed(String),
}

/// What a sweep did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// Holds that were released.
    pub released: u32,
    /// Usage messages that were sent again.
    pub sent: u32,
    /// Calls that failed. They stay due for the next sweep.
    pub problems: u32,
}

/// Billing port for model calls.
#[async_trait]
pub trait CallBilling: Send + Sync {
    /// Holds `most`, the most that a call of the model `what` can cost.
    async fn hold(&self, caller: Caller, most: Amount, what: &str, request: Option<Request>) -> Result<HoldOutcome>;

    /// Captures `cost`, keeps the answer for an idempotent replay, and sends the call to be counted.
    async fn settle(&self, hold: &Hold, cost: Amount, record: UsageRecord, answer: Option<String>) -> Result<()>;

    /// Releases the hold and forgets the request: it may be tried again.
    async fn release(&self, hold: &Hold) -> Result<()>;
}

/// Bills model calls to the accounts of a ledger.
#[derive(Clone)]
pub struct LedgerBilling {
    pub ledger: Ledger,
    /// The table of the ledger and of the answers.
    pub table: Table,
    /// The usage queue.
    pub queue: Queue,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
}

#[async_trait]
impl CallBilling for LedgerBilling {
    /// One transaction: the only write before the vendor is called.
    async fn hold(&self, caller: Caller, most: Amount, what: &str, request: Option<Request>) -> Result<HoldOutcome> {
        let begun = self.clock.now();
        let operation = self.ids.uuid(begun);
        let posting = Posting { operation, amount: most, description: format!("{what} usage") };
        let mut transaction = Transaction::new();
        let hold = ledger::hold(caller.company.into(), &posting, begun).due(begun + HOLD_TIMEOUT);
        let hold = hold.add_to(&mut transaction)?;
        let record = idempotency::record(&mut transaction, request.as_ref(), operation, begun)?;
        let error = match self.table.commit(transaction).await {
            Ok(()) => return Ok(HoldOutcome::New(Hold { caller, operation, held: most, begun, request })),
            Err(error) => error,
        };
        if let Some(request) = &request
            && let Some(earlier) = record.replay_of(&error)?
        {
            return self.replay(caller.company, earlier, request).await.map(HoldOutcome::Replayed);
        }
        Err(hold.refused(error, most)?)
    }

    async fn settle(&self, hold: &Hold, cost: Amount, record: UsageRecord, answer: Option<String>) -> Result<()> {
        let company = hold.caller.company;
        let mut transaction = Transaction::new();
        ledger::capture(company.into(), hold.operation, hold.held, cost).details(&record).add_to(&mut transaction);
        let answer = answer.filter(|answer| hold.request.is_some() && answer.len() <= MAX_ANSWER);
        if let Some(body) = answer {
            let expires_at = epoch_seconds(self.clock.now() + ANSWER_TTL);
            let item = AnswerItem { key: answer_key(company, hold.operation), body, expires_at };
            transaction.add(Put::new(&item)?);
        }
        let message =
            UsageMessage { company, operation: hold.operation, held: hold.held.units(), cost: cost.units(), record };
        let (captured, sent) = tokio::join!(self.table.commit(transaction), self.queue.send(&message));
        match (captured, sent) {
            (Ok(()), Ok(())) => Ok(()),
            (Ok(()), Err(error)) => {
                tracing::warn!(%error, operation = %hold.operation, "usage message not sent, the sweeper will");
                Ok(())
            }
            (Err(error), Ok(())) => {
                tracing::warn!(%error, operation = %hold.operation, "not captured, the usage worker will");
                Ok(())
            }
            (Err(error), Err(_)) => Err(error.into()),
        }
    }

    async fn release(&self, hold: &Hold) -> Result<()> {
        let mut transaction = Transaction::new();
        ledger::release(hold.caller.company.into(), hold.operation, hold.held).add_to(&mut transaction);
        transaction.extend(hold.request.as_ref().map(Request::forget));
        Ok(self.table.commit(transaction).await?)
    }
}

impl LedgerBilling {
    /// The answer to an idempotent replay of `request`.
    async fn replay(&self, company: CompanyId, operation: Uuid, request: &Request) -> Result<String> {
        let (answer, entry) = tokio::try_join!(
            async { Ok(self.table.get::<AnswerItem>(answer_key(company, operation)).await?) },
            self.ledger.find(company.into(), operation)
        )?;
        match (answer, entry.map(|entry| entry.state)) {
            (Some(answer), _) => Ok(answer.body),
            (None, Some(EntryState::Pending { .. })) => Err(Error::Conflict(Rule::InProgress)),
            // Its process was killed, the sweeper released the hold. A retry is a new call.
            (None, Some(EntryState::Void)) => {
                self.table.commit([request.forget()].into_iter().collect()).await?;
                Err(Error::Conflict(Rule::Busy))
            }
            // Charged, but the answer is too long to be kept, or the caller left before its end.
            (None, _) => Err(Error::Conflict(Rule::NotCompleted)),
        }
    }

    /// Sweeps due calls: releases holds that were never captured, and resends the usage message of captured calls.
    pub async fn sweep(&self) -> Result<Swept> {
        let now = self.clock.now();
        let due = self.ledger.due(now, SWEEP_LIMIT).await;
        let mut swept = Swept { problems: u32::try_from(due.problems).unwrap_or(u32::MAX), ..Swept::default() };
        for (account, entry) in due.done {
            let done = match entry.state {
                EntryState::Pending { held } => {
                    let mut transaction = Transaction::new();
                    let release = ledger::release(account, entry.operation, held).add_to(&mut transaction);
                    match self.table.commit(transaction).await {
                        Ok(()) => {
                            swept.released += 1;
                            Ok(())
                        }
                        // Captured meanwhile.
                        Err(error) if release.entry_failed(&error) => Ok(()),
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
                tracing::error!(%error, operation = %entry.operation, "call not swept");
                swept.problems += 1;
            }
        }
        Ok(swept)
    }
}
