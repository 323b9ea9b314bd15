//! Finding deliveries that are due: their pause is over, or their message or worker got lost.

use super::items::OPEN_WEBHOOKS;
use super::{Deliveries, DeliveryMessage};
use crate::due::{MAX_PER_SHARD, Swept};

impl Deliveries {
    /// Sends the messages of due deliveries, and returns them. To be called every minute.
    pub async fn sweep(&self) -> Swept<DeliveryMessage> {
        let (table, now) = (&self.endpoints.table, self.endpoints.clock.now());
        let sweep = OPEN_WEBHOOKS.sweep(table, now, Some(MAX_PER_SHARD), |due| async move {
            let sent = due.resend(table, &self.queue, &due.name, self.endpoints.clock.now()).await?;
            Ok(sent.then_some(due.name))
        });
        sweep.await
    }
}
