//! Telling others what became of payments.

use serde_json::Value;
use store::Write;

use super::model::Payment;
use super::service::Payments;
use crate::kernel::Result;
use crate::webhooks::{Deliveries, Planned, event_id};

/// How a payment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It is paid and credited.
    Paid,
    /// It was refused, cancelled or given up. Money that comes later is credited all the same, and announced.
    Unpaid,
}

/// Tells the payer's servers how payments end, in the transaction that makes it so.
#[derive(Clone)]
pub struct Announcer {
    /// Who sends.
    pub deliveries: Deliveries,
    /// Gives the event's name and data.
    pub describe: fn(&Payment, Ended) -> Result<(&'static str, Value)>,
}

impl Payments {
    /// What has to be written with a payment's end, and sent after it.
    pub(super) async fn plan(&self, payment: &Payment, how: Ended) -> Result<Planned> {
        let Some(Announcer { deliveries, describe }) = &self.announcer else { return Ok(Planned::default()) };
        let (event, data) = describe(payment, how)?;
        let now = self.clock.now();
        let id = event_id(now, &[event, &payment.id.to_string()]);
        deliveries.plan(payment.owner.into(), event, &data, id, now).await
    }

    /// Does `writes` and what was planned to go with them, or none, and sends what was planned. Should sending fail, the sweeper sends.
    pub(super) async fn transact(&self, mut writes: Vec<Write>, planned: Planned) -> store::Result<()> {
        writes.extend(planned.writes);
        self.table.transact(writes).await?;
        if let Some(announcer) = &self.announcer {
            announcer.deliveries.send(&planned.messages).await;
        }
        Ok(())
    }
}
