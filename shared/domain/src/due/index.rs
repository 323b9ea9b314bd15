//! How an item says when it is due.

use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use store::{Key, Queue, Table, Update, attr};
use uuid::Uuid;

use crate::kernel::{Result, Timestamp};

/// How long a sent message may wait in its queue before a sweep sends it again. A second message does no harm: the
/// lease decides.
pub const RESEND_AFTER: Duration = Duration::from_mins(2);

/// A sharded index of items by due time: partitions of `gsi1`, named `{prefix}{shard}`. `N` is what an item's key says
/// of it: its ids.
///
/// Shards keep any one index partition from becoming hot. The shard is the last byte of an id, modulo the number of
/// shards.
#[derive(Debug)]
pub struct DueIndex<N> {
    pub(super) prefix: &'static str,
    pub(super) shards: u8,
    pub(super) read: fn(&Key) -> Option<N>,
}

/// The index keys of an item, as it stores them. Without them it is not due at any time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueKeys {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gsi1pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gsi1sk: Option<String>,
}

impl DueKeys {
    /// Whether the item is due, now or later.
    pub fn is_due(&self) -> bool {
        self.gsi1sk.is_some()
    }
}

impl<N> DueIndex<N> {
    /// The index whose partitions start with `prefix`, of items whose keys `read` reads. There are `shards` partitions,
    /// 16 at most.
    pub const fn new(prefix: &'static str, shards: u8, read: fn(&Key) -> Option<N>) -> Self {
        Self { prefix, shards, read }
    }

    /// The keys of the item called `id` that is due at `at`.
    pub fn keys(&self, id: Uuid, at: Timestamp) -> DueKeys {
        DueKeys { gsi1pk: Some(self.partition_of(id)), gsi1sk: Some(sort_key(at)) }
    }

    /// Makes the item called `id` due at `at`, whether or not it was due before.
    pub fn schedule(&self, update: Update, id: Uuid, at: Timestamp) -> Update {
        update.set("gsi1pk", self.partition_of(id)).due_at(at)
    }

    fn partition_of(&self, id: Uuid) -> String {
        let last_byte = id.as_bytes().last().copied().unwrap_or_default();
        self.partition(last_byte % self.shards)
    }

    pub(super) fn partition(&self, shard: u8) -> String {
        format!("{}{shard:x}", self.prefix)
    }
}

/// Changes of the due time of an item that has one.
pub trait Reschedule {
    /// The item is due at `at` instead.
    #[must_use]
    fn due_at(self, at: Timestamp) -> Self;

    /// The item is not due any more.
    #[must_use]
    fn not_due(self) -> Self;
}

impl Reschedule for Update {
    fn due_at(self, at: Timestamp) -> Self {
        self.set("gsi1sk", sort_key(at))
    }

    fn not_due(self) -> Self {
        self.remove("gsi1pk").remove("gsi1sk")
    }
}

/// An item that an index says is due.
#[derive(Debug)]
pub struct DueItem<N> {
    /// Its ids.
    pub name: N,
    pub(super) key: Key,
    pub(super) due: String,
}

impl<N> DueItem<N> {
    /// The item as it is now.
    pub async fn load<T: DeserializeOwned>(&self, table: &Table) -> Result<Option<T>> {
        Ok(table.get(self.key.clone()).await?)
    }

    /// The update that postpones the item to `until`, only if its due time is what the index said: of two sweeps, one
    /// does it.
    pub fn postpone(&self, until: Timestamp) -> Update {
        Update::new(self.key.clone()).due_at(until).when(attr("gsi1sk").equals(&self.due))
    }

    /// Postpones the item and sends the message that asks for it to be worked on. Returns whether this was done: by one
    /// of two sweeps.
    ///
    /// If the message cannot be sent, the item is due again after [`RESEND_AFTER`].
    pub async fn resend(&self, table: &Table, queue: &Queue, message: &impl Serialize, now: Timestamp) -> Result<bool> {
        if table.try_update::<IgnoredAny>(self.postpone(now + RESEND_AFTER)).await?.is_none() {
            return Ok(false);
        }
        queue.send(message).await?;
        Ok(true)
    }
}

/// Milliseconds since 1970 in 15 digits, so that the order of the texts is that of time.
pub(super) fn sort_key(at: Timestamp) -> String {
    format!("{:015}", at.as_millisecond().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: DueIndex<()> = DueIndex::new("OPEN_JOBS#", 16, |_| None);

    fn keys(id: u128, millis: i64) -> serde_json::Value {
        serde_json::to_value(INDEX.keys(Uuid::from_u128(id), Timestamp::from_millisecond(millis).unwrap())).unwrap()
    }

    #[test]
    fn keys_are_spelled_as_they_always_were() {
        let stored = |shard: &str, due: &str| serde_json::json!({ "gsi1pk": shard, "gsi1sk": due });
        assert_eq!(keys(0x0f, 1_768_478_400_123), stored("OPEN_JOBS#f", "001768478400123"));
        assert_eq!(keys(0x1234_00a7, 0), stored("OPEN_JOBS#7", "000000000000000"));
        assert_eq!(keys(0x10, -5), stored("OPEN_JOBS#0", "000000000000000"));
        assert_eq!(serde_json::to_value(DueKeys::default()).unwrap(), serde_json::json!({}));
    }

    #[test]
    fn an_item_without_keys_is_not_due() {
        let read = |json| serde_json::from_value::<DueKeys>(json).unwrap();
        assert!(!read(serde_json::json!({ "pk": "x" })).is_due());
        assert!(read(keys(1, 1)).is_due());
    }
}
