//! Webhook events about the ends of payments.

use serde_json::Value;
use store::Transaction;

use super::model::Payment;
use super::service::Payments;
use crate::kernel::Result;
use crate::webhooks::{Deliveries, PendingDelivery, event_id};

/// How a payment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentOutcome {
    /// Paid and credited.
    Paid,
    /// Refused, cancelled or expired. Money that comes later is credited nevertheless, with an event of its own.
    Unpaid,
}

/// Publishes the ends of payments to the payer's webhook endpoints, in the transaction that ends the payment.
#[derive(Clone)]
pub struct PaymentEventPublisher {
    pub deliveries: Deliveries,
    /// Gives the event's name and data.
    pub describe: fn(&Payment, PaymentOutcome) -> Result<(&'static str, Value)>,
}

impl Payments {
    /// The deliveries to be written with a payment's end and sent after it.
    pub(super) async fn plan(&self, payment: &Payment, how: PaymentOutcome) -> Result<PendingDelivery> {
        let Some(PaymentEventPublisher { deliveries, describe }) = &self.event_publisher else {
            return Ok(PendingDelivery::default());
        };
        let (event, data) = describe(payment, how)?;
        let now = self.clock.now();
        let id = event_id(now, &[event, &payment.id.to_string()]);
        deliveries.plan(payment.owner.into(), event, &data, id, now).await
    }

    /// Commits `transaction` together with the deliveries that were planned, and sends these. If sending fails, the
    /// sweeper sends.
    pub(super) async fn commit(&self, mut transaction: Transaction, planned: PendingDelivery) -> store::Result<()> {
        transaction.extend(planned.writes);
        self.table.commit(transaction).await?;
        if let Some(event_publisher) = &self.event_publisher {
            event_publisher.deliveries.send(&planned.messages).await;
        }
        Ok(())
    }
}
