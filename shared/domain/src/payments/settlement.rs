//! Applying notifications and look-ups: the only code that moves money for payments.

use store::{Condition, Put, Transaction, Update, attr};

use super::event_publisher::PaymentOutcome;
use super::items::{EventItem, StoredState, event_name, payment_key};
use super::model::{Decision, Mismatch, Payment};
use super::provider::{
    Acknowledgement, Notification, NotificationError, PaymentEvent, PaymentProvider, PaymentUpdate, ProviderId,
    Verdict, WebhookRequest,
};
use super::service::{Payments, unavailable};
use crate::due::Reschedule as _;
use crate::kernel::telemetry::{self, Metric};
use crate::kernel::{Amount, AuthFailure, Error, Resource, Result};
use crate::ledger::{self, Ledger, NewEntry, Posting};
use crate::webhooks::PendingDelivery;

/// How often a report is applied anew because the payment or the balance changed meanwhile.
const ATTEMPTS: usize = 6;

/// The effect of a report on the payer's account.
#[derive(Default)]
struct Money {
    entry: Option<NewEntry>,
    /// The part of a refund that the account does not cover.
    missing: Amount,
}

impl Payments {
    /// Handles a webhook call of `provider` and returns the acknowledgement.
    ///
    /// Fails with [`AuthFailure::Signature`] if signature verification fails, with [`Error::Invalid`] for a malformed
    /// call, and with [`Error::Unavailable`] if it cannot be verified now; providers repeat what is not acknowledged.
    pub async fn receive(&self, provider: ProviderId, notice: WebhookRequest<'_>) -> Result<Acknowledgement> {
        let provider = self.provider(provider).ok_or(Error::NotFound(Resource::PAYMENT))?;
        let notice = provider.read_notification(notice).await.map_err(|error| unread(provider.id(), error))?;
        let verdict = match &notice {
            Notification::Irrelevant => Verdict::Accepted,
            Notification::PrePaymentCheck(question) => self.answer(provider, question).await?,
            Notification::Update(report) => self.apply(provider, report).await?,
        };
        Ok(provider.acknowledge(&notice, verdict))
    }

    async fn answer(&self, provider: &dyn PaymentProvider, question: &PaymentUpdate) -> Result<Verdict> {
        let payment = self.find(question.payment).await?;
        let verdict = payment.map_or(Verdict::UnknownPayment, |payment| {
            payment.answer(provider.id(), provider.is_test(), question, self.clock.now())
        });
        let (provider, payment) = (provider.id(), question.payment);
        tracing::info!(%provider, %payment, ?verdict, amount = %question.amount, "asked about a payment");
        Ok(verdict)
    }

    /// Applies a verified report, once.
    ///
    /// Fails with [`crate::kernel::Rule::Busy`] if others keep changing the same payment or balance.
    pub(super) async fn apply(&self, provider: &dyn PaymentProvider, report: &PaymentUpdate) -> Result<Verdict> {
        let event = event_name(&report.event);
        let mut conflict = store::Error::Contended;
        for _ in 0..ATTEMPTS {
            let Some(payment) = self.find(report.payment).await? else {
                tracing::warn!(provider = %provider.id(), payment = %report.payment, event, "report of an unknown payment");
                return Ok(Verdict::UnknownPayment);
            };
            let decision = payment.decide(provider.id(), provider.is_test(), report);
            let (update, money) = match decision {
                Decision::Nothing => return Ok(Verdict::Accepted),
                Decision::Suspect(suspicion) => return self.suspect(provider.id(), report, suspicion).await,
                Decision::Note => return self.note(provider.id(), report).await,
                Decision::Move(state) => {
                    let update = changed(&payment).set("state", StoredState::from(state));
                    if state.is_open() {
                        (update.set("provider_payment", &report.provider_payment), Money::default())
                    } else {
                        (update.not_due(), Money::default())
                    }
                }
                Decision::Remember { refunded } => {
                    let update = changed(&payment).set("refunded", refunded.units());
                    (update.set("provider_payment", &report.provider_payment), Money::default())
                }
                Decision::Settle { credit, refunded, debited } => {
                    self.settlement(&payment, report, credit, (refunded, debited))
                }
                Decision::TakeBack { refunded, owed } => self.taking_back(&payment, refunded, owed).await?,
            };
            let mut transaction = Transaction::new();
            let change = transaction.add(update);
            let event_record = transaction.add(self.event(provider.id(), report)?);
            if let Some(entry) = money.entry {
                entry.add_to(&mut transaction)?;
            }
            let planned = match decision {
                Decision::Settle { .. } => self.plan(&payment, PaymentOutcome::Paid).await?,
                Decision::Move(state) if !state.is_open() => self.plan(&payment, PaymentOutcome::Unpaid).await?,
                _ => PendingDelivery::default(),
            };
            match self.commit(transaction, planned).await {
                Ok(()) => {
                    let (provider, payment) = (provider.id(), payment.id);
                    tracing::info!(%provider, %payment, event, amount = %report.amount, ?decision, "report applied");
                    if money.missing.is_positive() {
                        telemetry::note(Metric::REFUND_DEBTS, 1);
                        tracing::error!(%provider, %payment, missing = %money.missing, "refund of what is spent already");
                    }
                    return Ok(Verdict::Accepted);
                }
                Err(error @ store::Error::Cancelled(_)) if error.failed(change).is_none() => {
                    if error.failed(event_record).is_some() {
                        // The payment is unchanged, but the event is recorded: for another payment, or from before.
                        return match report.event {
                            PaymentEvent::Paid => self.suspect(provider.id(), report, Mismatch::Reused).await,
                            _ => Ok(Verdict::Accepted),
                        };
                    }
                    conflict = error;
                }
                Err(error @ (store::Error::Cancelled(_) | store::Error::Contended)) => conflict = error,
                Err(error) => return Err(error.into()),
            }
        }
        Err(match conflict {
            // The payment or the balance changed every time.
            store::Error::Cancelled(_) => Error::Conflict(crate::kernel::Rule::Busy),
            other => other.into(),
        })
    }

    /// The record of the report; the transaction fails if there is one.
    fn event(&self, provider: ProviderId, report: &PaymentUpdate) -> Result<Put> {
        let item = EventItem::agreed(provider, report, self.clock.now());
        Ok(Put::new(&item)?.when(Condition::item_missing()))
    }

    /// Settles a paid payment: its update, and the credit unless everything was refunded already.
    fn settlement(
        &self,
        payment: &Payment,
        report: &PaymentUpdate,
        credit: Amount,
        (refunded, debited): (Amount, Amount),
    ) -> (Update, Money) {
        let update = changed(payment)
            .set("state", StoredState::Paid)
            .set("provider_payment", &report.provider_payment)
            .set("paid_at", self.clock.now().as_millisecond())
            .set("refunded", refunded.units())
            .set("debited", debited.units())
            .not_due();
        // The operation is the payment's id, so there is one credit at most. Entries are listed in the order of ids, so
        // the entry has the time of the id.
        let posting = Posting { operation: payment.id.as_uuid(), amount: credit, description: payment.title.clone() };
        let credit = credit.is_positive().then(|| ledger::credit(payment.owner.into(), &posting, payment.created_at));
        (update, Money { entry: credit, missing: Amount::ZERO })
    }

    /// Applies a refund: the update of its payment, and the debit of what is left on the account. The rest is a debt.
    async fn taking_back(&self, payment: &Payment, refunded: Amount, owed: Amount) -> Result<(Update, Money)> {
        let now = self.clock.now();
        let account = payment.owner.into();
        let available = Ledger::new(self.table.clone()).account(account).await?.available;
        let debit = owed.min(available).max(Amount::ZERO);
        let missing = owed - debit;
        let update = changed(payment)
            .set("refunded", refunded.units())
            .set("debited", (payment.debited + debit).units())
            .set("debt", (payment.debt + missing).units());
        let entry = debit.is_positive().then(|| {
            let operation = self.mint_operation(now);
            let posting = Posting { operation, amount: debit, description: payment.refund_title.clone() };
            ledger::debit(account, &posting, now)
        });
        Ok((update, Money { entry, missing }))
    }

    /// Records a report that changes nothing.
    async fn note(&self, provider: ProviderId, report: &PaymentUpdate) -> Result<Verdict> {
        self.record(&EventItem::agreed(provider, report, self.clock.now())).await?;
        Ok(Verdict::Accepted)
    }

    /// Records a report that does not match the payment and alarms the operator.
    async fn suspect(&self, provider: ProviderId, report: &PaymentUpdate, suspicion: Mismatch) -> Result<Verdict> {
        telemetry::note(Metric::PAYMENTS_SUSPICIOUS, 1);
        tracing::error!(
            %provider, payment = %report.payment, event = event_name(&report.event), amount = %report.amount,
            wrong = %suspicion, "suspicious report of a payment"
        );
        self.record(&EventItem::suspect(provider, report, suspicion, self.clock.now())).await?;
        Ok(suspicion.verdict())
    }

    async fn record(&self, event: &EventItem) -> Result<()> {
        match self.table.put(Put::new(event)?.when(Condition::item_missing())).await {
            Ok(()) | Err(store::Error::ConditionFailed(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// An update of the payment, on the condition that it is unchanged since it was read.
fn changed(payment: &Payment) -> Update {
    let unchanged =
        attr("state").equals(StoredState::from(payment.state)).and(attr("refunded").equals(payment.refunded.units()));
    Update::new(payment_key(payment.id)).when(unchanged)
}

/// The error of a webhook call that was not accepted.
fn unread(provider: ProviderId, error: NotificationError) -> Error {
    match error {
        NotificationError::Forged(reason) => {
            tracing::warn!(%provider, reason, "forged notice");
            Error::Unauthenticated(AuthFailure::Signature)
        }
        NotificationError::Malformed(reason) => {
            tracing::warn!(%provider, reason, "malformed notice");
            Error::invalid("", "malformed", "Уведомление не распознано")
        }
        NotificationError::Unchecked(error) => unavailable(error),
    }
}
