//! WebSocket connections: each gets every frame of its channel once, in order.
//!
//! **How.** A channel's frames are numbered, and each connection stores the number it needs next. A sender (a worker,
//! or the greeter of a fresh connection) takes the connection's *send lease*, sends what is missing, and releases the
//! lease. If the lease is taken, its holder reads the feed once more after the release, so nothing falls between two
//! senders.
//!
//! If a sender dies between sending and storing the number, the next one repeats those frames: a repeated frame is
//! better than a lost one.

mod items;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use store::{Condition, Delete, Delivery, Index, Key, Put, Query, Sockets, Table, Update};

use crate::kernel::{Clock, IdSource, JobId, JobKind, Result, UserId, epoch_seconds};
use items::{ConnectionItem, SEND_LEASE, channel_partition, connection_index, connection_key};

/// How long a greeting waits between its attempts.
const REPLAY_PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(150),
    Duration::from_millis(300),
    Duration::from_millis(600),
    Duration::from_millis(900),
];

/// API Gateway ends connections after two hours; their records go a little later.
const CONNECTION_LIFETIME: Duration = Duration::from_mins(130);

/// A frame with its sequence number in the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequencedFrame {
    /// From 0, rising, possibly with gaps.
    pub number: u32,
    /// The frame's text, below 32 KB.
    pub text: String,
}

/// A source of a channel's frames.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The frames numbered `from` and up that exist so far.
    async fn frames(&self, from: u32) -> Result<Vec<SequencedFrame>>;
}

/// The message that asks for a fresh connection to be greeted: API Gateway refuses frames until the handshake is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayMessage {
    /// The connection.
    pub connection: String,
    /// What kind of job it watches.
    #[serde(default)]
    pub kind: JobKind,
    /// Which.
    pub channel: JobId,
    /// Who watches.
    pub owner: UserId,
}

/// The registry of open connections.
#[derive(Clone)]
pub struct Connections {
    table: Table,
    clock: Arc<dyn Clock>,
}

impl Connections {
    /// Connections kept in `table`.
    pub fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self { table, clock }
    }

    /// Stores a connection that subscribes to `channel`.
    pub async fn open(&self, connection: &str, channel: JobId) -> Result<()> {
        let lifetime = i64::try_from(CONNECTION_LIFETIME.as_secs()).unwrap_or_default();
        let item = ConnectionItem::new(connection, channel, epoch_seconds(self.clock.now()) + lifetime);
        Ok(self.table.put(Put::new(&item)?).await?)
    }

    /// Deletes a connection. Deleting an unknown one is fine.
    pub async fn close(&self, connection: &str) -> Result<()> {
        let watching = Query::index(Index::Gsi1, connection_index(connection));
        for key in self.table.query_all::<Key>(watching).await? {
            self.table.delete(Delete::new(key)).await?;
        }
        Ok(())
    }

    async fn watching(&self, channel: JobId) -> Result<Vec<ConnectionItem>> {
        Ok(self.table.query_all(Query::partition(channel_partition(channel))).await?)
    }
}

/// Sends frames to connections.
#[derive(Clone)]
pub struct Publisher {
    connections: Connections,
    sockets: Sockets,
    ids: Arc<dyn IdSource>,
}

impl Publisher {
    /// Sends through `sockets` to the connections that `connections` knows.
    pub fn new(connections: Connections, sockets: Sockets, ids: Arc<dyn IdSource>) -> Self {
        Self { connections, sockets, ids }
    }

    /// Brings every connection of `channel` up to date.
    ///
    /// A connection that cannot be reached now is left for the next publish; only storage failures are errors.
    pub async fn publish(&self, channel: JobId, feed: &dyn Feed) -> Result<()> {
        for item in self.connections.watching(channel).await? {
            self.deliver(channel, &item.connection, feed).await?;
        }
        Ok(())
    }

    /// Greets a fresh connection and brings it up to date.
    ///
    /// The greeting can be faster than the handshake, so a connection that is not there is asked for again for about
    /// two seconds before it is forgotten. Returns whether it could be reached, or does not need to be any more.
    pub async fn replay(&self, channel: JobId, connection: &str, feed: &dyn Feed) -> Result<bool> {
        for pause in REPLAY_PAUSES {
            match self.deliver(channel, connection, feed).await? {
                Reached::UpToDate => return Ok(true),
                Reached::NotNow => return Ok(false),
                Reached::NotOpen => tokio::time::sleep(pause).await,
            }
        }
        self.connections.table.delete(Delete::new(connection_key(channel, connection))).await?;
        Ok(true)
    }

    /// Brings one connection up to date.
    async fn deliver(&self, channel: JobId, connection: &str, feed: &dyn Feed) -> Result<Reached> {
        loop {
            let Some(item) = self.take_send_lease(channel, connection).await? else { return Ok(Reached::UpToDate) };
            let frames = match feed.frames(item.next).await {
                Ok(frames) => frames,
                Err(error) => {
                    self.release_send_lease(&item, item.next).await?;
                    return Err(error);
                }
            };
            let (next, outcome) = self.send(connection, item.next, frames).await;
            match outcome {
                Sent::All => self.release_send_lease(&item, next).await?,
                Sent::Unreachable => {
                    self.release_send_lease(&item, next).await?;
                    return Ok(Reached::NotNow);
                }
                // It may be in the middle of its handshake: its greeting will tell.
                Sent::Gone if next == 0 => {
                    self.release_send_lease(&item, next).await?;
                    return Ok(Reached::NotOpen);
                }
                Sent::Gone => {
                    self.connections.table.delete(Delete::new(item.key)).await?;
                    return Ok(Reached::UpToDate);
                }
            }
            // Whoever had news while the lease was taken has left them to its holder.
            if feed.frames(next).await?.is_empty() {
                return Ok(Reached::UpToDate);
            }
        }
    }

    async fn send(&self, connection: &str, mut next: u32, frames: Vec<SequencedFrame>) -> (u32, Sent) {
        for frame in frames {
            match self.sockets.post(connection, frame.text).await {
                Ok(Delivery::Delivered) => next = frame.number.saturating_add(1),
                Ok(Delivery::Gone) => return (next, Sent::Gone),
                Err(error) => {
                    tracing::warn!(%error, frame = frame.number, "frame not sent, left for later");
                    return (next, Sent::Unreachable);
                }
            }
        }
        (next, Sent::All)
    }

    /// Takes the send lease of a connection. `None` if the lease is taken or the connection is gone.
    async fn take_send_lease(&self, channel: JobId, connection: &str) -> Result<Option<ConnectionItem>> {
        let now = self.connections.clock.now();
        let update = Update::new(connection_key(channel, connection));
        let (table, open, token) = (&self.connections.table, Condition::item_exists(), self.ids.uuid(now));
        Ok(SEND_LEASE.take(table, update, open, token, now).await?.granted())
    }

    /// Stores the number that the connection needs next and releases its send lease. Does nothing if the lease was
    /// taken over or the connection closed.
    async fn release_send_lease(&self, item: &ConnectionItem, next: u32) -> Result<()> {
        let update = Update::new(item.key.clone()).set("next", next).when(SEND_LEASE.is_held(item.pump));
        self.connections.table.try_update::<ConnectionItem>(SEND_LEASE.release(update)).await?;
        Ok(())
    }
}

/// Result of bringing a connection up to date.
enum Reached {
    /// It has every frame, another sender has the lease, or it is closed.
    UpToDate,
    /// The gateway does not accept frames for it now.
    NotNow,
    /// The gateway does not know it and it never got a frame: not open yet, or closed before its first.
    NotOpen,
}

/// Result of sending a batch of frames.
enum Sent {
    All,
    Gone,
    Unreachable,
}
