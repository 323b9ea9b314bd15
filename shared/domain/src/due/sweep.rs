//! Finding what is due.

use std::future::Future;

use serde::Deserialize;
use store::{Index, Key, Query, Table};

use super::index::{DueIndex, DueItem, sort_key};
use crate::kernel::{Error, Result, Timestamp};

/// The most items of a shard that a sweep handles which runs every minute: what it can do in that time. The next one
/// goes on.
pub const MAX_PER_SHARD: u32 = 500;

/// What a sweep did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept<T> {
    /// What was done, item by item. Items that needed nothing after all are left out.
    pub done: Vec<T>,
    /// How often something could not be read or done. It is still due for the next sweep.
    pub problems: usize,
}

/// An item as `gsi1` knows it: the index holds keys only, so that updates which leave them alone do not write it.
#[derive(Deserialize)]
struct IndexEntry {
    #[serde(flatten)]
    key: Key,
    gsi1sk: String,
}

impl<N> DueIndex<N> {
    /// Calls `handle` with each item that was due at `now`, shard by shard, the earliest first, at most `limit` of a
    /// shard. It returns what it did, or `None` if nothing was to be done. What fails is logged and counted, and does
    /// not keep the rest from being handled.
    pub async fn sweep<T, Handled>(
        &self,
        table: &Table,
        now: Timestamp,
        limit: Option<u32>,
        mut handle: impl FnMut(DueItem<N>) -> Handled,
    ) -> Swept<T>
    where
        Handled: Future<Output = Result<Option<T>>>,
    {
        let mut swept = Swept { done: Vec::new(), problems: 0 };
        for shard in 0..self.shards {
            let entries = match self.due(table, shard, now, limit).await {
                Ok(entries) => entries,
                Err(error) => {
                    tracing::error!(%error, index = self.prefix, shard, "due items not read");
                    swept.problems += 1;
                    continue;
                }
            };
            for IndexEntry { key, gsi1sk } in entries {
                let place = format!("{} {}", key.pk, key.sk);
                let done = match (self.read)(&key) {
                    Some(name) => handle(DueItem { name, key, due: gsi1sk }).await,
                    None => Err(Error::internal("due item", "index entry of something else")),
                };
                match done {
                    Ok(done) => swept.done.extend(done),
                    Err(error) => {
                        tracing::error!(%error, item = place, "due item not handled");
                        swept.problems += 1;
                    }
                }
            }
        }
        swept
    }

    async fn due(&self, table: &Table, shard: u8, now: Timestamp, limit: Option<u32>) -> Result<Vec<IndexEntry>> {
        let query = Query::index(Index::Gsi1, self.partition(shard)).at_most(sort_key(now));
        Ok(match limit {
            Some(limit) => table.query(query.limit(limit)).await?.items,
            None => table.query_all(query).await?,
        })
    }
}
