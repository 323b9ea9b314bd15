//! WebSocket connections and what is sent to them: each gets every frame of its channel once, in order.
//!
//! **How.** A channel's frames are numbered, and each connection remembers the number it needs next. Whoever has news (a worker, or the greeter of
//! a fresh connection) takes the connection's *pump* (a short lease), sends what is missing, and puts the pump back. If the pump is taken,
//! its holder looks for news once more after putting it back, so nothing falls between two senders.
//!
//! A sender that dies between sending and remembering makes the next one repeat those frames: a repeated frame is better than a lost one.

mod items;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use store::{Condition, Delete, Delivery, Index, Key, Put, Query, Sockets, Table, Update, attr};

use crate::kernel::{Clock, IdSource, JobId, JobKind, Result, UserId, epoch_seconds};
use items::{ConnectionItem, channel_partition, connection_index, connection_key};

/// The longest that a sender keeps a pump without dying.
const PUMP_LEASE: Duration = Duration::from_secs(30);

/// How long a greeting waits between its attempts.
const GREETING_PAUSES: [Duration; 5] = [
    Duration::from_millis(50),
    Duration::from_millis(150),
    Duration::from_millis(300),
    Duration::from_millis(600),
    Duration::from_millis(900),
];

/// API Gateway ends connections after two hours; their records go a little later.
const CONNECTION_LIFETIME: Duration = Duration::from_mins(130);

/// A frame and its number in the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// Counted from 0, rising, not necessarily without gaps.
    pub number: u32,
    /// The frame's text, below 32 KB.
    pub text: String,
}

/// A source of a channel's frames.
#[async_trait]
pub trait Feed: Send + Sync {
    /// The frames numbered `from` and up that exist so far.
    async fn frames(&self, from: u32) -> Result<Vec<Numbered>>;
}

/// The message that asks for a fresh connection to be greeted: API Gateway refuses frames until the handshake is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GreetMessage {
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

    /// Remembers a connection that watches `channel`.
    pub async fn open(&self, connection: &str, channel: JobId) -> Result<()> {
        let lifetime = i64::try_from(CONNECTION_LIFETIME.as_secs()).unwrap_or_default();
        let item = ConnectionItem::new(connection, channel, epoch_seconds(self.clock.now()) + lifetime);
        Ok(self.table.put(Put::new(&item)?).await?)
    }

    /// Forgets a connection, whatever it watches. Forgetting an unknown one is fine.
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
    /// A connection that cannot be reached now is left for the next time; only storage failures are errors.
    pub async fn publish(&self, channel: JobId, feed: &dyn Feed) -> Result<()> {
        for item in self.connections.watching(channel).await? {
            self.deliver(channel, &item.connection, feed).await?;
        }
        Ok(())
    }

    /// Greets a fresh connection and brings it up to date.
    ///
    /// The greeting can be faster than the handshake, so a connection that is not there is asked for again for about two seconds before it
    /// is forgotten. Returns whether it could be reached, or does not need to be any more.
    pub async fn greet(&self, channel: JobId, connection: &str, feed: &dyn Feed) -> Result<bool> {
        for pause in GREETING_PAUSES {
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
            let Some(item) = self.take_pump(channel, connection).await? else { return Ok(Reached::UpToDate) };
            let frames = match feed.frames(item.next).await {
                Ok(frames) => frames,
                Err(error) => {
                    self.put_pump_back(&item, item.next).await?;
                    return Err(error);
                }
            };
            let (next, outcome) = self.send(connection, item.next, frames).await;
            match outcome {
                Sent::All => self.put_pump_back(&item, next).await?,
                Sent::Unreachable => {
                    self.put_pump_back(&item, next).await?;
                    return Ok(Reached::NotNow);
                }
                // It may be in the middle of its handshake: its greeting will tell.
                Sent::Gone if next == 0 => {
                    self.put_pump_back(&item, next).await?;
                    return Ok(Reached::NotOpen);
                }
                Sent::Gone => {
                    self.connections.table.delete(Delete::new(item.key)).await?;
                    return Ok(Reached::UpToDate);
                }
            }
            // News that came while the pump was ours found it taken.
            if feed.frames(next).await?.is_empty() {
                return Ok(Reached::UpToDate);
            }
        }
    }

    async fn send(&self, connection: &str, mut next: u32, frames: Vec<Numbered>) -> (u32, Sent) {
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

    /// The connection as stored, with its pump in our hands; `None` if the pump is taken or the connection is gone.
    async fn take_pump(&self, channel: JobId, connection: &str) -> Result<Option<ConnectionItem>> {
        let now = self.connections.clock.now();
        let token = self.ids.uuid(now);
        let free = attr("pump_until").missing().or(attr("pump_until").less_than(now.as_millisecond()));
        let take = Update::new(connection_key(channel, connection))
            .set("pump", token)
            .set("pump_until", (now + PUMP_LEASE).as_millisecond())
            .when(Condition::item_exists().and(free));
        match self.connections.table.update::<ConnectionItem>(take).await {
            Ok(item) => Ok(Some(item)),
            // The SDK repeats a write whose answer got lost: the pump may be ours already.
            Err(store::Error::ConditionFailed(failed)) => {
                Ok(failed.item::<ConnectionItem>()?.filter(|item| item.pump == Some(token)))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn put_pump_back(&self, item: &ConnectionItem, next: u32) -> Result<()> {
        let back = Update::new(item.key.clone())
            .set("next", next)
            .remove("pump")
            .remove("pump_until")
            .when(attr("pump").equals(item.pump));
        match self.connections.table.update::<ConnectionItem>(back).await {
            // Somebody took over after our lease ran out, or the connection closed: theirs to go on with.
            Ok(_) | Err(store::Error::ConditionFailed(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What became of a delivery.
enum Reached {
    /// It has everything, or somebody else is sending, or it is closed.
    UpToDate,
    /// The gateway does not take frames for it now.
    NotNow,
    /// It never got a frame, and the gateway does not know it: not open yet, or closed before its greeting.
    NotOpen,
}

/// What became of a batch of frames.
enum Sent {
    All,
    Gone,
    Unreachable,
}
