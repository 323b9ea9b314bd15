//! Several writes that happen together or not at all: DynamoDB's `TransactWriteItems`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, ReturnConsumedCapacity};

use crate::error::Failed;
use crate::meter::{self, Kind};
use crate::table::SERVICE;
use crate::{Error, Result, Table, Write};

/// The most writes that one transaction takes: DynamoDB's limit.
pub const MAX_WRITES: usize = 100;

/// How often a transaction is tried when others touch the same items. The pauses add up to about a second.
const ATTEMPTS: u32 = 8;

/// Writes to be committed together by [`Table::commit`], at most one for each item and [`MAX_WRITES`] in all.
#[derive(Debug)]
#[must_use = "nothing is written before it is committed"]
pub struct Transaction {
    id: u64,
    writes: Vec<Write>,
}

/// Refers to one write of a transaction: [`Error::failed`] says whether its condition failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteHandle {
    transaction: u64,
    position: usize,
}

/// The conditions that failed in a cancelled transaction.
#[derive(Debug)]
pub struct Cancelled {
    transaction: u64,
    /// One for each write, in order.
    failed: Vec<Option<Failed>>,
}

impl Transaction {
    /// A transaction without writes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a write.
    pub fn add(&mut self, write: impl Into<Write>) -> WriteHandle {
        self.writes.push(write.into());
        WriteHandle { transaction: self.id, position: self.writes.len() - 1 }
    }
}

impl Default for Transaction {
    fn default() -> Self {
        /// Tells the transactions of this process apart, so that a handle is good for its own one only.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), writes: Vec::new() }
    }
}

impl<W: Into<Write>> Extend<W> for Transaction {
    fn extend<I: IntoIterator<Item = W>>(&mut self, writes: I) {
        self.writes.extend(writes.into_iter().map(Into::into));
    }
}

impl<W: Into<Write>> FromIterator<W> for Transaction {
    fn from_iter<I: IntoIterator<Item = W>>(writes: I) -> Self {
        let mut transaction = Self::new();
        transaction.extend(writes);
        transaction
    }
}

impl Error {
    /// The failed condition of the write that `handle` refers to, if this is the cancellation of its transaction and that condition was among
    /// the reasons.
    pub fn failed(&self, handle: WriteHandle) -> Option<&Failed> {
        let Self::Cancelled(cancelled) = self else { return None };
        debug_assert_eq!(cancelled.transaction, handle.transaction, "the write belongs to another transaction");
        let reason = (cancelled.transaction == handle.transaction).then(|| cancelled.failed.get(handle.position));
        reason.flatten().and_then(Option::as_ref)
    }
}

impl Table {
    /// Does all writes of `transaction` or none.
    ///
    /// A conflict with another transaction is retried with a growing, random pause; the SDK does not do that by itself. Fails with
    /// [`Error::Cancelled`] if a condition does not hold and with [`Error::Contended`] if conflicts do not end.
    pub async fn commit(&self, transaction: Transaction) -> Result<()> {
        let Transaction { id, writes } = transaction;
        let items = writes.into_iter().map(|write| write.into_transact_item(&self.name)).collect::<Result<Vec<_>>>()?;
        for attempt in 0..ATTEMPTS {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            match sent {
                Ok(output) => {
                    meter::add_table_call(output.consumed_capacity(), Kind::Write);
                    return Ok(());
                }
                Err(SdkError::ServiceError(failure)) if failure.err().is_transaction_canceled_exception() => {
                    meter::add_table_call(None, Kind::Write);
                    match failure.into_err() {
                        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                            match cancellation(cancelled.cancellation_reasons()) {
                                Cancellation::Conditions(failed) => {
                                    return Err(Error::Cancelled(Cancelled { transaction: id, failed }));
                                }
                                Cancellation::Repeatable => tokio::time::sleep(pause(attempt)).await,
                                Cancellation::Other => {
                                    return Err(Error::Internal { service: SERVICE, source: Box::new(cancelled) });
                                }
                            }
                        }
                        other => return Err(Error::Internal { service: SERVICE, source: Box::new(other) }),
                    }
                }
                Err(error) => return Err(Error::from_sdk(SERVICE, error)),
            }
        }
        Err(Error::Contended)
    }
}

enum Cancellation {
    /// Conditions that did not hold, per write.
    Conditions(Vec<Option<Failed>>),
    /// A conflict with another transaction, or throttling: the same request can succeed.
    Repeatable,
    /// The request itself is wrong.
    Other,
}

fn cancellation(reasons: &[CancellationReason]) -> Cancellation {
    let has = |code: &str| reasons.iter().any(|reason| reason.code() == Some(code));
    if has("ConditionalCheckFailed") {
        let failed = |reason: &CancellationReason| {
            (reason.code() == Some("ConditionalCheckFailed")).then(|| Failed { item: reason.item.clone() })
        };
        Cancellation::Conditions(reasons.iter().map(failed).collect())
    } else if has("TransactionConflict") || has("ThrottlingError") || has("ProvisionedThroughputExceeded") {
        Cancellation::Repeatable
    } else {
        Cancellation::Other
    }
}

/// A random pause of up to 10, 20, 40 … 320 milliseconds.
fn pause(attempt: u32) -> Duration {
    let ceiling = 10_u64 << attempt.min(5);
    // The seed of the standard library's hasher is random; a dependency for jitter alone is not worth it.
    Duration::from_millis(RandomState::new().build_hasher().finish() % ceiling + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Delete, Key};

    fn write(number: usize) -> Delete {
        Delete::new(Key::new("P", number.to_string()))
    }

    fn cancelled(transaction: &Transaction, which: &[usize]) -> Error {
        let failed = (0..transaction.writes.len()).map(|at| which.contains(&at).then_some(Failed { item: None }));
        Error::Cancelled(Cancelled { transaction: transaction.id, failed: failed.collect() })
    }

    #[test]
    fn a_handle_finds_its_own_write_whatever_is_added_around_it() {
        let mut transaction = Transaction::new();
        transaction.extend([write(0), write(1)]);
        let second = transaction.add(write(2));
        transaction.extend([write(3)]);
        let last = transaction.add(write(4));
        let error = cancelled(&transaction, &[0, 2, 3]);
        assert!(error.failed(second).is_some());
        assert!(error.failed(last).is_none());
    }

    #[test]
    fn other_errors_have_no_failed_write() {
        let mut transaction = Transaction::new();
        let handle = transaction.add(write(0));
        assert!(Error::Contended.failed(handle).is_none());
        assert!(Error::ConditionFailed(Failed { item: None }).failed(handle).is_none());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "another transaction")]
    fn a_handle_of_another_transaction_is_a_defect() {
        let mut other = Transaction::new();
        let handle = other.add(write(0));
        let transaction: Transaction = [write(0)].into_iter().collect();
        let _ = cancelled(&transaction, &[0]).failed(handle);
    }
}
