//! How a call is paid: the most it can cost is held before a vendor is asked, what it did cost is captured after.
//!
//! What has to follow a capture, counting, is a message. It says everything that the capture needs too, so that either of the two is enough: a
//! capture that failed is made up for by whoever counts, and a message that got lost is sent again by the sweeper, which finds the entry because it stays
//! due until it is counted. A hold that nobody captured, because its process was killed, is released by the sweeper.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use store::{Put, Queue, Table, Transaction};
use uuid::Uuid;

use super::access::{Caller, KeyId};
use super::items::{AnswerItem, answer_key};
use crate::gateway::Usage;
use crate::idempotency::{self, Request};
use crate::kernel::{Amount, Clock, Error, IdSource, Result, Rule, Timestamp, UserId, epoch_seconds};
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

/// What a call did, as its entry keeps it and analytics count it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) prompt: u64,
    pub(super) completion: u64,
    pub(super) cached: u64,
    pub(super) reasoning: u64,
    /// The vendor told no figures; these are counted from the texts' lengths.
    pub(super) estimated: bool,
    /// `completed`, `cancelled` (the caller left) or `broken` (the vendor did).
    pub(super) outcome: String,
    pub(super) millis: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<KeyId>,
}

/// Tells that a call is over: what is to be captured, unless it was, and counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageMessage {
    pub(super) company: UserId,
    pub(super) operation: Uuid,
    /// Nano-dollars.
    pub(super) held: i64,
    /// Nano-dollars.
    pub(super) cost: i64,
    pub(super) details: Details,
}

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What it cost.
    pub cost: Amount,
    /// Tokens, as billed.
    pub usage: Usage,
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
    async fn settle(&self, hold: &Hold, cost: Amount, details: Details, answer: Option<String>) -> Result<()>;

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
        let mut transaction = Transaction::new();
        let hold = ledger::hold(caller.company.into(), &posting, begun).due(begun + PATIENCE);
        let hold = hold.add_to(&mut transaction)?;
        let record = idempotency::record(&mut transaction, request.as_ref(), operation, begun)?;
        let error = match self.table.commit(transaction).await {
            Ok(()) => return Ok(Held::New(Hold { caller, operation, held: most, begun, request })),
            Err(error) => error,
        };
        if let Some(request) = &request
            && let Some(earlier) = record.replay_of(&error)?
        {
            return self.earlier(caller.company, earlier, request).await.map(Held::Earlier);
        }
        Err(hold.refused(error, most)?)
    }

    async fn settle(&self, hold: &Hold, cost: Amount, details: Details, answer: Option<String>) -> Result<()> {
        let company = hold.caller.company;
        let mut transaction = Transaction::new();
        ledger::capture(company.into(), hold.operation, hold.held, cost).details(&details).add_to(&mut transaction);
        let answer = answer.filter(|answer| hold.request.is_some() && answer.len() <= MAX_ANSWER);
        if let Some(body) = answer {
            let expires_at = epoch_seconds(self.clock.now() + MEMORY);
            let item = AnswerItem { key: answer_key(company, hold.operation), body, expires_at };
            transaction.add(Put::new(&item)?);
        }
        let message =
            UsageMessage { company, operation: hold.operation, held: hold.held.units(), cost: cost.units(), details };
        let (captured, sent) = tokio::join!(self.table.commit(transaction), self.queue.send(&message));
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
        let mut transaction = Transaction::new();
        ledger::release(hold.caller.company.into(), hold.operation, hold.held).add_to(&mut transaction);
        transaction.extend(hold.request.as_ref().map(Request::forget));
        Ok(self.table.commit(transaction).await?)
    }
}

impl Till {
    /// What became of a call that was asked for before.
    async fn earlier(&self, company: UserId, operation: Uuid, request: &Request) -> Result<String> {
        let (answer, entry) = tokio::try_join!(
            async { Ok(self.table.get::<AnswerItem>(answer_key(company, operation)).await?) },
            self.ledger.find(company.into(), operation)
        )?;
        match (answer, entry.map(|entry| entry.state)) {
            (Some(answer), _) => Ok(answer.body),
            (None, Some(EntryState::Pending { .. })) => Err(Error::Conflict(Rule::InProgress)),
            // Its process was killed. The next try is a new one.
            (None, Some(EntryState::Void)) => {
                self.table.commit([request.forget()].into_iter().collect()).await?;
                Err(Error::Conflict(Rule::Busy))
            }
            // It is paid for, and too long to be kept, or its caller left before it was whole.
            (None, _) => Err(Error::Conflict(Rule::NotCompleted)),
        }
    }

    /// Looks after calls that should be over: releases holds that nobody captured, and has those counted that were not.
    pub async fn sweep(&self) -> Result<Swept> {
        let now = self.clock.now();
        let due = self.ledger.due(now, SWEEP).await;
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
                        // It was captured a moment ago.
                        Err(error) if release.entry_failed(&error) => Ok(()),
                        Err(error) => Err(error.into()),
                    }
                }
                EntryState::Posted { amount } => {
                    let details = entry.details.and_then(|details| serde_json::from_value(details).ok());
                    let company = account.to_string().parse().ok();
                    match details.zip(company) {
                        Some((details, company)) => {
                            let (held, cost) = (-amount.units(), -amount.units());
                            let operation = entry.operation;
                            let message = UsageMessage { company, operation, held, cost, details };
                            self.queue.send(&message).await.map(|()| swept.sent += 1).map_err(Error::from)
                        }
                        None => Err(Error::internal("due entry", "details are missing")),
                    }
                }
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
