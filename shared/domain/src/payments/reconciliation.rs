//! Looking up payments whose notifications may have been lost.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use store::{Transaction, Update, attr};

use super::event_publisher::PaymentOutcome;
use super::items::{OPEN_PAYMENTS, PaymentItem, StoredState, payment_key};
use super::model::{Payment, State};
use super::provider::ProviderId;
use super::service::{FIRST_CHECK, Payments};
use crate::due::{DueItem, Reschedule as _};
use crate::kernel::{Error, PaymentId, Result, Timestamp};

/// The longest time between two look-ups of one payment.
const LONGEST_GAP: Duration = Duration::from_hours(6);

/// How long after its expiry a payment is looked up, for late money.
const GRACE: Duration = Duration::from_hours(24);

/// The same for authorized money: providers keep the authorization for a week.
const AUTHORIZED_GRACE: Duration = Duration::from_hours(8 * 24);

/// After so many failures in a row a provider is skipped until the next run: it is down, and each call may time out.
const MAX_FAILURES: usize = 3;

/// The most look-ups at one provider in a run. The rest stays due.
const MAX_PER_PROVIDER: usize = 100;

/// Result of a reconciliation.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// Payments that were looked up.
    pub asked: usize,
    /// Payments that were found paid.
    pub settled: usize,
    /// Payments that expired.
    pub expired: usize,
    /// Due payments that are left for the next run.
    pub left: usize,
    /// Payments or shards that could not be handled; they stay due.
    pub problems: usize,
}

impl Reconciled {
    /// Logs the result. Fails if there were problems: everything else is done, and the failed invocation alarms the
    /// operator.
    pub fn told(self) -> Result<()> {
        let Self { asked, settled, expired, left, problems } = self;
        tracing::info!(asked, settled, expired, left, "reconciled");
        match problems {
            0 => Ok(()),
            problems => Err(Error::internal("reconciliation", format!("{problems} problems"))),
        }
    }
}

/// A payment to look up, as stored and as the index has it.
type Due = (Payment, DueItem<PaymentId>);

impl Payments {
    /// Looks up due payments at their providers, and expires those that will not be paid any more. What cannot be
    /// looked up does not keep the rest from it.
    pub async fn reconcile(&self) -> Reconciled {
        // No limit: the payments of a provider that is down stay due, and must not crowd out the others.
        let open = OPEN_PAYMENTS.sweep(&self.table, self.clock.now(), None, |due| async move {
            let payment = due.load::<PaymentItem>(&self.table).await?.map(Payment::from);
            Ok(payment.filter(|payment| payment.state.is_open()).map(|payment| (payment, due)))
        });
        let open = open.await;
        let mut done = Reconciled { problems: open.problems, ..Reconciled::default() };
        let mut by_provider: BTreeMap<ProviderId, Vec<Due>> = BTreeMap::new();
        for due in open.done {
            by_provider.entry(due.0.provider).or_default().push(due);
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

    /// One provider's payments, one after the other.
    async fn reconcile_with(&self, provider: ProviderId, due: Vec<Due>) -> Reconciled {
        let mut done = Reconciled { left: due.len(), ..Reconciled::default() };
        let mut failures = 0;
        for due in due.into_iter().take(MAX_PER_PROVIDER) {
            match self.reconcile_one(&due, &mut done).await {
                Ok(()) => failures = 0,
                Err(error) => {
                    tracing::error!(%error, %provider, payment = %due.0.id, "payment not reconciled");
                    done.problems += 1;
                    failures += 1;
                }
            }
            done.left -= 1;
            if failures == MAX_FAILURES {
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
            // Reports about other payments are ignored.
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

    /// Sets the time of the next look-up, only if it is what the index said: of two reconciliations, one looks up. A
    /// crash after this leaves the payment to the next look-up.
    async fn postpone(&self, (payment, due): &Due) -> Result<Option<Payment>> {
        let update = due.postpone(self.clock.now() + gap(payment.checks)).add("checks", 1);
        Ok(self.table.try_update::<PaymentItem>(update).await?.map(Payment::from))
    }

    /// Closes a payment that was not paid. Returns whether it was still open.
    async fn expire(&self, payment: &Payment) -> Result<bool> {
        let update = Update::new(payment_key(payment.id))
            .set("state", StoredState::Expired)
            .not_due()
            .when(attr("state").equals(StoredState::from(payment.state)));
        let planned = self.plan(payment, PaymentOutcome::Unpaid).await?;
        let mut transaction = Transaction::new();
        let change = transaction.add(update);
        match self.commit(transaction, planned).await {
            Ok(()) => Ok(true),
            Err(error) if error.failed(change).is_some() => Ok(false),
            Err(error) => Err(Error::from(error)),
        }
    }
}

/// The pause after `checks` look-ups: 5, 10, 20 … minutes, six hours at most.
fn gap(checks: u32) -> Duration {
    FIRST_CHECK.saturating_mul(1_u32.checked_shl(checks).unwrap_or(u32::MAX).max(1)).min(LONGEST_GAP)
}

/// When a payment that was not paid expires for good.
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
