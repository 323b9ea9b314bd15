//! Finding deliveries whose time has come, and those whose message or worker got lost.

use store::{Index, Query, Update, attr};

use super::Deliveries;
use super::deliveries::QUEUE_PATIENCE;
use super::items::{DeliveryItem, OpenDeliveryItem, SHARDS, delivery_key, due_sort_key, shard_partition};
use crate::kernel::Result;

/// The most deliveries of a shard that one sweep sends: what it can do within its minute. The next one goes on.
const MAX_PER_SHARD: u32 = 500;

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deliveries whose message was sent.
    pub sent: usize,
    /// How often something could not be read or sent. It is still there for the next sweep.
    pub problems: usize,
}

impl Deliveries {
    /// Sends the messages of the deliveries whose due time has passed. To be called every minute. What cannot be swept does not keep the rest from
    /// being swept.
    pub async fn sweep(&self) -> Swept {
        let mut swept = Swept::default();
        for shard in 0..SHARDS {
            let now = due_sort_key(self.endpoints.clock.now());
            let due = Query::index(Index::Gsi1, shard_partition(shard)).at_most(now).limit(MAX_PER_SHARD);
            let open = match self.endpoints.table.query::<OpenDeliveryItem>(due).await {
                Ok(page) => page.items,
                Err(error) => {
                    tracing::error!(%error, shard, "open webhooks not read");
                    swept.problems += 1;
                    continue;
                }
            };
            for overdue in open {
                match self.sweep_one(&overdue).await {
                    Ok(sent) => swept.sent += usize::from(sent),
                    Err(error) => {
                        tracing::error!(%error, delivery = ?overdue.message().ok(), "webhook not swept");
                        swept.problems += 1;
                    }
                }
            }
        }
        swept
    }

    /// Returns whether the message was sent.
    async fn sweep_one(&self, overdue: &OpenDeliveryItem) -> Result<bool> {
        let message = overdue.message()?;
        // Only if nobody touched the delivery since the index was read, so that two sweepers send one message.
        let postpone = Update::new(delivery_key(message))
            .set("gsi1sk", due_sort_key(self.endpoints.clock.now() + QUEUE_PATIENCE))
            .when(attr("gsi1sk").equals(&overdue.gsi1sk));
        match self.endpoints.table.update::<DeliveryItem>(postpone).await {
            Ok(_) => {
                self.queue.send(&message).await?;
                Ok(true)
            }
            Err(store::Error::ConditionFailed(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
