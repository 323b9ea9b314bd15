//! Asking providers about payments that they told nothing about.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use store::{Index, Query, Transaction, Update, attr};

use super::announcement::Ended;
use super::items::{OpenPaymentItem, PaymentItem, SHARDS, StoredState, due_sort_key, payment_key, shard_partition};
use super::model::{Payment, State};
use super::provider::ProviderId;
use super::service::{FIRST_CHECK, Payments};
use crate::kernel::{Error, Result, Timestamp};

/// The longest time between two questions about one payment.
const LONGEST_GAP: Duration = Duration::from_hours(6);

/// How long after its end a payment is asked about, for money that was on its way.
const GRACE: Duration = Duration::from_hours(24);

/// How long after its end a payment is asked about whose money is reserved: providers keep it for a week.
const AUTHORIZED_GRACE: Duration = Duration::from_hours(8 * 24);

/// After so many failures one after the other a provider is left alone until the next time: it is down, and each question may wait long.
const PATIENCE: usize = 3;

/// The most payments that one provider is asked about at a time. The rest is due the next time.
const MOST: usize = 100;

/// What a reconciliation did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Payments that a provider was asked about.
    pub asked: usize,
    /// Payments that turned out to be paid.
    pub settled: usize,
    /// Payments that were given up: nobody paid.
    pub expired: usize,
    /// Due payments that are left for the next time.
    pub left: usize,
    /// How often something could not be read, asked or written. It is still there for the next time.
    pub problems: usize,
}

impl Reconciled {
    /// Says what was done. Fails if there were problems: everything else is done, and the failed invocation is what an operator is alarmed by.
    pub fn told(self) -> Result<()> {
        let Self { asked, settled, expired, left, problems } = self;
        tracing::info!(asked, settled, expired, left, "reconciled");
        match problems {
            0 => Ok(()),
            problems => Err(Error::internal("reconciliation", format!("{problems} problems"))),
        }
    }
}

/// A payment whose time to be asked about has come.
struct Due {
    payment: Payment,
    /// What the index said.
    due: String,
}

impl Payments {
    /// Asks the providers about payments whose notices may have been lost, and gives up those that nobody will pay any more. What cannot be
    /// asked about does not keep the rest from it.
    pub async fn reconcile(&self) -> Reconciled {
        let mut done = Reconciled::default();
        let mut by_provider: BTreeMap<ProviderId, Vec<Due>> = BTreeMap::new();
        for shard in 0..SHARDS {
            let due = Query::index(Index::Gsi1, shard_partition(shard)).at_most(due_sort_key(self.clock.now()));
            let open: Vec<OpenPaymentItem> = match self.table.query_all(due).await {
                Ok(open) => open,
                Err(error) => {
                    tracing::error!(%error, shard, "open payments not read");
                    done.problems += 1;
                    continue;
                }
            };
            for item in open {
                match self.load(&item).await {
                    Ok(Some(payment)) => {
                        let due = Due { payment, due: item.gsi1sk };
                        by_provider.entry(due.payment.provider).or_default().push(due);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::error!(%error, payment = ?item.id().ok(), "open payment not read");
                        done.problems += 1;
                    }
                }
            }
        }
        let providers = by_provider.into_iter().map(|(provider, due)| self.reconcile_with(provider, due));
        for part in join_all(providers).await {
            done.asked += part.asked;
            done.settled += part.settled;
            done.expired += part.expired;
            done.left += part.left;
            done.problems += part.problems;
        }
        done
    }

    async fn load(&self, item: &OpenPaymentItem) -> Result<Option<Payment>> {
        // The index lags behind: what is closed meanwhile needs nothing.
        Ok(self.find(item.id()?).await?.filter(|payment| payment.state.is_open()))
    }

    /// One provider's payments, one after the other.
    async fn reconcile_with(&self, provider: ProviderId, due: Vec<Due>) -> Reconciled {
        let mut done = Reconciled { left: due.len(), ..Reconciled::default() };
        let mut failures = 0;
        for due in due.into_iter().take(MOST) {
            match self.reconcile_one(&due, &mut done).await {
                Ok(()) => failures = 0,
                Err(error) => {
                    tracing::error!(%error, %provider, payment = %due.payment.id, "payment not reconciled");
                    done.problems += 1;
                    failures += 1;
                }
            }
            done.left -= 1;
            if failures == PATIENCE {
                break;
            }
        }
        done
    }

    async fn reconcile_one(&self, due: &Due, done: &mut Reconciled) -> Result<()> {
        let Some(payment) = self.postpone(due).await? else { return Ok(()) };
        if let Some(provider) = self.provider(payment.provider) {
            done.asked += 1;
            let reports = provider.look_up(&payment.known()).await.map_err(super::service::unavailable)?;
            // A provider asked about one payment has no business with another.
            for report in reports.iter().filter(|report| report.payment == payment.id) {
                self.apply(provider, report).await?;
            }
        }
        let Some(now) = self.find(payment.id).await? else { return Ok(()) };
        if now.state == State::Paid {
            done.settled += 1;
        } else if now.state.is_open() && self.clock.now() >= given_up_at(&now) && self.expire(&now).await? {
            done.expired += 1;
        }
        Ok(())
    }

    /// Sets the time of the next question, only if nobody did since the index was read: two reconciliations ask once. A crash after this
    /// leaves the payment to the next question.
    async fn postpone(&self, due: &Due) -> Result<Option<Payment>> {
        let update = Update::new(payment_key(due.payment.id))
            .set("gsi1sk", due_sort_key(self.clock.now() + gap(due.payment.checks)))
            .add("checks", 1)
            .when(attr("gsi1sk").equals(&due.due));
        match self.table.update::<PaymentItem>(update).await {
            Ok(item) => Ok(Some(item.into())),
            Err(store::Error::ConditionFailed(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Closes a payment that nobody paid. Returns whether it was still open.
    async fn expire(&self, payment: &Payment) -> Result<bool> {
        let update = Update::new(payment_key(payment.id))
            .set("state", StoredState::Expired)
            .remove("gsi1pk")
            .remove("gsi1sk")
            .when(attr("state").equals(StoredState::from(payment.state)));
        let planned = self.plan(payment, Ended::Unpaid).await?;
        let mut transaction = Transaction::new();
        let change = transaction.add(update);
        match self.commit(transaction, planned).await {
            Ok(()) => Ok(true),
            Err(error) if error.failed(change).is_some() => Ok(false),
            Err(error) => Err(Error::from(error)),
        }
    }
}

/// How long to wait after `checks` questions: 5, 10, 20 … minutes, six hours at most.
fn gap(checks: u32) -> Duration {
    FIRST_CHECK.saturating_mul(1_u32.checked_shl(checks).unwrap_or(u32::MAX).max(1)).min(LONGEST_GAP)
}

/// When a payment that nobody paid is given up.
fn given_up_at(payment: &Payment) -> Timestamp {
    let grace = if payment.state == State::Authorized { AUTHORIZED_GRACE } else { GRACE };
    payment.expires_at.saturating_add(grace).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_become_rarer_up_to_a_limit() {
        let minutes: Vec<_> = (0..9).map(|checks| gap(checks).as_secs() / 60).collect();
        assert_eq!(minutes, [5, 10, 20, 40, 80, 160, 320, 360, 360]);
        for checks in [31, 32, 33, u32::MAX] {
            assert_eq!(gap(checks), LONGEST_GAP);
        }
    }
}
