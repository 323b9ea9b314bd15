//! Queues and messages in SQLite.
//!
//! Every action is one transaction on one connection, so that what a client was told survives the process being killed
//! at any moment: a write-ahead log with `synchronous = NORMAL` loses nothing to a killed process (only to a power
//! cut). A message in flight is a row whose `visible_at` lies ahead; a restart changes nothing about it.

use std::path::Path;
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use uuid::{NoContext, Uuid};

use super::fault::Fault;
use super::message::{Message, Outgoing, Receipt, Sent, TRACE_HEADER, invalid_value, md5_of, md5_of_attributes};
use super::queue::{
    Attributes, DELAY_SECONDS, MESSAGE_RETENTION_PERIOD, Queue, RECEIVE_MESSAGE_WAIT_TIME_SECONDS, VISIBILITY_TIMEOUT,
    is_fifo,
};
use super::{Config, Counts, Error};

/// The layout below. Raise it with every change; a store with another number is refused, not migrated.
const VERSION: i64 = 1;

/// Identifiers are never used again (`AUTOINCREMENT`), because receipt handles name rows. `messages.id` is also send
/// order and, in FIFO queues, the sequence number. Times are milliseconds since 1970.
const SCHEMA: &str = "
CREATE TABLE queues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    attributes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    modified_at INTEGER NOT NULL,
    purged_at INTEGER
) STRICT;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue INTEGER NOT NULL REFERENCES queues (id) ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    visible_at INTEGER NOT NULL,
    first_received_at INTEGER,
    receives INTEGER NOT NULL DEFAULT 0,
    -- Those of `receives` that count in the queue it was moved from, not here.
    receives_elsewhere INTEGER NOT NULL DEFAULT 0,
    group_id TEXT,
    deduplication_id TEXT,
    dead_letter_source TEXT,
    trace_header TEXT,
    attributes TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX messages_by_visibility ON messages (queue, visible_at, id);
CREATE INDEX messages_by_age ON messages (queue, sent_at);
CREATE INDEX messages_by_group ON messages (queue, group_id, id) WHERE group_id IS NOT NULL;
-- Outlives its message: a duplicate is dropped even after the first was consumed.
CREATE TABLE deduplication (
    queue INTEGER NOT NULL REFERENCES queues (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    deduplication_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (queue, scope, deduplication_id)
) STRICT, WITHOUT ROWID;
";

/// Messages `m` of queue `?1` that can be received at `?2`.
const VISIBLE: &str = "m.queue = ?1 AND m.visible_at <= ?2";
/// The same for FIFO queues, where a message that is in flight or delayed holds back the later ones of its group.
const VISIBLE_IN_ORDER: &str = "m.queue = ?1 AND m.visible_at <= ?2 AND NOT EXISTS (
    SELECT 1 FROM messages e
    WHERE e.queue = m.queue AND e.group_id = m.group_id AND e.id < m.id AND e.visible_at > ?2)";

/// How long a FIFO queue remembers a deduplication id.
const DEDUPLICATION_MILLIS: i64 = 5 * 60 * 1_000;
/// How long after a purge the next one is refused.
const PURGE_MILLIS: i64 = 60 * 1_000;

/// The one connection.
pub(super) struct Store {
    connection: Connection,
    config: Arc<Config>,
}

impl Store {
    /// Opens or creates the file at `path`; without a path the store lives and dies with the process.
    pub(super) fn open(path: Option<&Path>, config: Arc<Config>) -> Result<Self, Error> {
        let mut connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(64);
        // Otherwise statements are planned anew whenever the time in them is another one, because there is an index with a condition.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let transaction = connection.transaction()?;
        match transaction.pragma_query_value(None, "user_version", |row| row.get(0))? {
            0 => {
                transaction.execute_batch(SCHEMA)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
            }
            VERSION => {}
            found => return Err(Error::Version { found }),
        }
        transaction.commit()?;
        Ok(Self { connection, config })
    }

    /// Runs `work` in a transaction that is undone when it fails.
    pub(super) fn transact<T>(&mut self, work: impl FnOnce(&Tx) -> Result<T, Fault>) -> Result<T, Fault> {
        let now = (self.config.clock)().as_millisecond();
        let tx = Tx { sql: self.connection.transaction()?, now, config: &self.config };
        let done = work(&tx)?;
        tx.sql.commit()?;
        Ok(done)
    }
}

/// One transaction at one instant.
pub(super) struct Tx<'a> {
    sql: Transaction<'a>,
    /// Milliseconds since 1970.
    pub now: i64,
    pub config: &'a Config,
}

/// What one look at a queue found.
#[derive(Debug)]
pub(super) struct Received {
    pub messages: Vec<Message>,
    /// The queue that was given messages which had been received too often.
    pub dead_letters_to: Option<String>,
    /// When the next message becomes visible by itself, in milliseconds from now.
    pub next_in: Option<u64>,
    /// `ReceiveMessageWaitTimeSeconds` of the queue.
    pub default_wait: u64,
}

/// Queues.
impl Tx<'_> {
    pub(super) fn find_queue(&self, name: &str) -> Result<Option<Queue>, Fault> {
        let mut statement = self.sql.prepare_cached(
            "SELECT id, name, attributes, created_at, modified_at, purged_at FROM queues WHERE name = ?1",
        )?;
        let found = statement
            .query_row([name], |row| {
                let queue = Queue {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    attributes: Attributes::default(),
                    created_at: row.get(3)?,
                    modified_at: row.get(4)?,
                    purged_at: row.get(5)?,
                };
                Ok((queue, row.get::<_, String>(2)?))
            })
            .optional()?;
        let Some((queue, attributes)) = found else { return Ok(None) };
        Ok(Some(Queue { attributes: serde_json::from_str(&attributes)?, ..queue }))
    }

    pub(super) fn queue(&self, name: &str) -> Result<Queue, Fault> {
        self.find_queue(name)?.ok_or(Fault::QueueDoesNotExist)
    }

    /// Names in order, after the name `after`, that start with `prefix`; at most `limit` of them.
    pub(super) fn queue_names(&self, prefix: &str, after: &str, limit: Option<usize>) -> Result<Vec<String>, Fault> {
        let mut statement = self.sql.prepare_cached(
            "SELECT name FROM queues WHERE substr(name, 1, length(?1)) = ?1 AND name > ?2
             ORDER BY name LIMIT ifnull(?3, -1)",
        )?;
        let names = statement.query_map(params![prefix, after, limit], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    pub(super) fn create_queue(&self, name: &str, attributes: &Attributes) -> Result<(), Fault> {
        self.check_redrive(name, attributes)?;
        self.sql.execute(
            "INSERT INTO queues (name, attributes, created_at, modified_at) VALUES (?1, ?2, ?3, ?3)",
            params![name, serde_json::to_string(attributes)?, self.now],
        )?;
        Ok(())
    }

    pub(super) fn set_attributes(&self, queue: &Queue, attributes: &Attributes) -> Result<(), Fault> {
        self.check_redrive(&queue.name, attributes)?;
        self.sql.execute(
            "UPDATE queues SET attributes = ?2, modified_at = ?3 WHERE id = ?1",
            params![queue.id, serde_json::to_string(attributes)?, self.now],
        )?;
        Ok(())
    }

    /// A dead-letter queue must exist and be of the source's type.
    fn check_redrive(&self, name: &str, attributes: &Attributes) -> Result<(), Fault> {
        let Some(policy) = attributes.redrive() else { return Ok(()) };
        let arn = &policy.dead_letter_target_arn;
        let refused = |reason| Err(invalid_value("RedrivePolicy", serde_json::to_string(&policy)?, reason));
        let target = self.config.queue_of_arn(arn).map(|target| self.find_queue(target)).transpose()?.flatten();
        match target {
            None => refused("Dead letter target does not exist."),
            Some(target) if target.is_fifo() != is_fifo(name) => {
                refused("Dead-letter queue must be same type of queue as the source.")
            }
            Some(_) => Ok(()),
        }
    }

    pub(super) fn delete_queue(&self, queue: &Queue) -> Result<(), Fault> {
        self.sql.execute("DELETE FROM queues WHERE id = ?1", [queue.id])?;
        Ok(())
    }

    pub(super) fn purge(&self, queue: &Queue) -> Result<(), Fault> {
        if queue.purged_at.is_some_and(|purged_at| self.now < purged_at + PURGE_MILLIS) {
            return Err(Fault::PurgeQueueInProgress(queue.name.clone()));
        }
        self.sql.execute("DELETE FROM messages WHERE queue = ?1", [queue.id])?;
        self.sql.execute("UPDATE queues SET purged_at = ?2 WHERE id = ?1", [queue.id, self.now])?;
        Ok(())
    }

    pub(super) fn counts(&self, queue: &Queue) -> Result<Counts, Fault> {
        self.expire(queue)?;
        let mut statement = self.sql.prepare_cached(
            "SELECT count(*) FILTER (WHERE visible_at <= ?2),
                    count(*) FILTER (WHERE visible_at > ?2 AND receives > 0),
                    count(*) FILTER (WHERE visible_at > ?2 AND receives = 0)
             FROM messages WHERE queue = ?1",
        )?;
        Ok(statement.query_row([queue.id, self.now], |row| {
            Ok(Counts { visible: row.get(0)?, in_flight: row.get(1)?, delayed: row.get(2)? })
        })?)
    }

    /// Drops what the queue has kept for its whole retention period, in flight or not.
    fn expire(&self, queue: &Queue) -> Result<(), Fault> {
        let kept_since = self.now - queue.attributes.number(MESSAGE_RETENTION_PERIOD) * 1_000;
        self.sql
            .prepare_cached("DELETE FROM messages WHERE queue = ?1 AND sent_at <= ?2")?
            .execute([queue.id, kept_since])?;
        Ok(())
    }
}

/// Messages.
impl Tx<'_> {
    pub(super) fn send(&self, queue: &Queue, outgoing: &Outgoing) -> Result<Sent, Fault> {
        outgoing.check(queue)?;
        let sent = |message_id: String, sequence: i64| Sent {
            message_id,
            md5_of_message_body: md5_of(&outgoing.message_body),
            md5_of_message_attributes: md5_of_attributes(&outgoing.message_attributes),
            md5_of_message_system_attributes: md5_of_attributes(&outgoing.message_system_attributes),
            sequence_number: queue.is_fifo().then(|| sequence_number(sequence)),
        };
        if !queue.is_fifo() {
            let (message_id, row) = self.insert(queue, outgoing, None)?;
            return Ok(sent(message_id, row));
        }
        let deduplication_id = outgoing.deduplication_id(queue)?;
        let scope = match &outgoing.message_group_id {
            Some(group) if queue.attributes.deduplicates_by_group() => group,
            _ => "",
        };
        self.sql.prepare_cached("DELETE FROM deduplication WHERE expires_at <= ?1")?.execute([self.now])?;
        let mut duplicate = self.sql.prepare_cached(
            "SELECT message_id, sequence FROM deduplication WHERE queue = ?1 AND scope = ?2 AND deduplication_id = ?3",
        )?;
        if let Some((message_id, sequence)) = duplicate
            .query_row(params![queue.id, scope, deduplication_id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
        {
            return Ok(sent(message_id, sequence));
        }
        let (message_id, row) = self.insert(queue, outgoing, Some(&deduplication_id))?;
        self.sql.prepare_cached("INSERT INTO deduplication VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
            queue.id,
            scope,
            deduplication_id,
            message_id,
            row,
            self.now + DEDUPLICATION_MILLIS
        ])?;
        Ok(sent(message_id, row))
    }

    /// The new message's id and row.
    fn insert(
        &self,
        queue: &Queue,
        outgoing: &Outgoing,
        deduplication_id: Option<&str>,
    ) -> Result<(String, i64), Fault> {
        // In a FIFO queue a message has no delay of its own; the queue's always applies.
        let own_delay = outgoing.delay_seconds.filter(|_| !queue.is_fifo());
        let delay = own_delay.unwrap_or_else(|| queue.attributes.number(DELAY_SECONDS));
        let message_id = new_id(self.now).to_string();
        let trace_header = outgoing.message_system_attributes.get(TRACE_HEADER).and_then(|it| it.string_value.as_ref());
        self.sql
            .prepare_cached(
                "INSERT INTO messages (queue, message_id, sent_at, visible_at, group_id, deduplication_id, trace_header,
                                       attributes, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                queue.id,
                message_id,
                self.now,
                self.now + delay * 1_000,
                outgoing.message_group_id,
                deduplication_id,
                trace_header,
                serde_json::to_string(&outgoing.message_attributes)?,
                outgoing.message_body
            ])?;
        Ok((message_id, self.sql.last_insert_rowid()))
    }

    /// Takes up to `limit` messages and hides them for `visibility` seconds (the queue's own time-out when absent).
    pub(super) fn receive(&self, queue: &Queue, limit: usize, visibility: Option<i64>) -> Result<Received, Fault> {
        self.expire(queue)?;
        let dead_letters_to = self.move_dead_letters(queue)?;
        let visibility = visibility.unwrap_or_else(|| queue.attributes.number(VISIBILITY_TIMEOUT));
        // FIFO queues hand out as many messages of one group as they can before those of the next. Other queues promise
        // no order; the longest visible goes first, so that a message which keeps failing does not starve the rest.
        let (condition, order) = if queue.is_fifo() {
            (VISIBLE_IN_ORDER, "min(m.id) OVER (PARTITION BY m.group_id), m.id")
        } else {
            (VISIBLE, "m.visible_at, m.id")
        };
        let mut select = self
            .sql
            .prepare_cached(&format!("SELECT m.* FROM messages m WHERE {condition} ORDER BY {order} LIMIT ?3"))?;
        // All are read before the first is hidden, because hiding moves rows within the index that is being read.
        let mut rows = select.query(params![queue.id, self.now, limit])?;
        let (mut taken, mut messages) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            taken.push(row.get("id")?);
            messages.push(self.message(queue, row)?);
        }
        let mut hide = self.sql.prepare_cached(
            "UPDATE messages
             SET visible_at = ?2, receives = receives + 1, first_received_at = ifnull(first_received_at, ?3)
             WHERE id = ?1",
        )?;
        for id in taken {
            hide.execute([id, self.now + visibility * 1_000, self.now])?;
        }
        let next_at: Option<i64> = self
            .sql
            .prepare_cached("SELECT min(visible_at) FROM messages WHERE queue = ?1 AND visible_at > ?2")?
            .query_row([queue.id, self.now], |row| row.get(0))?;
        let default_wait = queue.attributes.number(RECEIVE_MESSAGE_WAIT_TIME_SECONDS);
        Ok(Received {
            messages,
            dead_letters_to,
            next_in: next_at.and_then(|at| u64::try_from(at - self.now).ok()),
            default_wait: u64::try_from(default_wait).unwrap_or_default(),
        })
    }

    /// The message in `row`, as it is once received now.
    fn message(&self, queue: &Queue, row: &Row) -> Result<Message, Fault> {
        let receives = row.get::<_, i64>("receives")? + 1;
        let receipt = Receipt { queue: queue.id, message: row.get("id")?, receive: receives };
        let first_received_at = row.get::<_, Option<i64>>("first_received_at")?.unwrap_or(self.now);
        let attributes = [
            ("SenderId", Some(self.config.account.clone())),
            ("SentTimestamp", Some(row.get::<_, i64>("sent_at")?.to_string())),
            ("ApproximateReceiveCount", Some(receives.to_string())),
            ("ApproximateFirstReceiveTimestamp", Some(first_received_at.to_string())),
            ("SequenceNumber", queue.is_fifo().then(|| sequence_number(receipt.message))),
            ("MessageGroupId", row.get("group_id")?),
            ("MessageDeduplicationId", row.get("deduplication_id")?),
            ("DeadLetterQueueSourceArn", row.get("dead_letter_source")?),
            (TRACE_HEADER, row.get("trace_header")?),
        ];
        let message_attributes = serde_json::from_str(&row.get::<_, String>("attributes")?)?;
        let body: String = row.get("body")?;
        Ok(Message {
            message_id: row.get("message_id")?,
            receipt_handle: receipt.encode(),
            md5_of_body: md5_of(&body),
            body,
            attributes: attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
            md5_of_message_attributes: md5_of_attributes(&message_attributes),
            message_attributes,
        })
    }

    /// Gives up on messages that were received as often as the queue allows. Returns the queue that got any.
    ///
    /// They keep id, body, attributes, age and number of receives.
    fn move_dead_letters(&self, queue: &Queue) -> Result<Option<String>, Fault> {
        let Some(policy) = queue.attributes.redrive() else { return Ok(None) };
        let Some(name) = self.config.queue_of_arn(&policy.dead_letter_target_arn) else { return Ok(None) };
        // A dead-letter queue that was deleted since stops the moving, not the receiving.
        let Some(target) = self.find_queue(name)? else { return Ok(None) };
        let condition = if queue.is_fifo() { VISIBLE_IN_ORDER } else { VISIBLE };
        let moved = self
            .sql
            .prepare_cached(&format!(
                "UPDATE messages
                 SET queue = ?4, dead_letter_source = ?5, visible_at = ?2, receives_elsewhere = receives
                 WHERE id IN
                    (SELECT m.id FROM messages m WHERE {condition} AND m.receives - m.receives_elsewhere >= ?3)"
            ))?
            .execute(params![queue.id, self.now, policy.max_receive_count, target.id, self.config.arn(&queue.name)])?;
        Ok((moved > 0).then_some(target.name))
    }

    /// Deletes the message. A stale receipt of a standard queue succeeds without effect, the worse of the two outcomes
    /// that AWS documents ("the request will succeed, but the message might not be deleted").
    pub(super) fn delete(&self, queue: &Queue, handle: &str) -> Result<(), Fault> {
        let receipt = Receipt::decode(handle, queue)?;
        let is_current = match self.state(queue, receipt)? {
            None => return Ok(()),
            Some(state) if queue.is_fifo() && !state.is_held => {
                return Err(invalid_value("ReceiptHandle", handle, "The receipt handle has expired."));
            }
            Some(state) => state.is_current,
        };
        if is_current {
            self.sql.prepare_cached("DELETE FROM messages WHERE id = ?1")?.execute([receipt.message])?;
        }
        Ok(())
    }

    /// Hides the message for `seconds` from now, or shows it again (0). In a standard queue an expired or stale receipt
    /// still works, as it does on AWS.
    pub(super) fn change_visibility(&self, queue: &Queue, handle: &str, seconds: i64) -> Result<(), Fault> {
        let receipt = Receipt::decode(handle, queue)?;
        check_visibility(seconds)?;
        if self.state(queue, receipt)?.is_none_or(|state| queue.is_fifo() && !state.is_held) {
            let reason = "Message does not exist or is not available for visibility timeout change.";
            return Err(invalid_value("ReceiptHandle", handle, reason));
        }
        self.sql
            .prepare_cached("UPDATE messages SET visible_at = ?2 WHERE id = ?1")?
            .execute([receipt.message, self.now + seconds * 1_000])?;
        Ok(())
    }

    /// How a receipt relates to its message, if that is still in the queue.
    fn state(&self, queue: &Queue, receipt: Receipt) -> Result<Option<State>, Fault> {
        let mut statement =
            self.sql.prepare_cached("SELECT receives, visible_at FROM messages WHERE id = ?1 AND queue = ?2")?;
        Ok(statement
            .query_row([receipt.message, queue.id], |row| {
                let is_current = row.get::<_, i64>(0)? == receipt.receive;
                Ok(State { is_current, is_held: is_current && row.get::<_, i64>(1)? > self.now })
            })
            .optional()?)
    }
}

/// A receipt is current until the message is received again, and held until its visibility time-out.
struct State {
    is_current: bool,
    is_held: bool,
}

/// A visibility time-out is 0 seconds to 12 hours.
pub(super) fn check_visibility(seconds: i64) -> Result<(), Fault> {
    if (0..=43_200).contains(&seconds) {
        return Ok(());
    }
    Err(invalid_value("VisibilityTimeout", seconds, "Must be >= 0 and <= 43200, if provided."))
}

/// 20 digits, as AWS sends them, so that they sort as text.
fn sequence_number(row: i64) -> String {
    format!("{row:020}")
}

/// A UUID for a message sent at `now`, in milliseconds since 1970.
pub(super) fn new_id(now: i64) -> Uuid {
    let millis = u64::try_from(now).unwrap_or_default();
    let nanos = u32::try_from(millis % 1_000).unwrap_or_default() * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1_000, nanos))
}
