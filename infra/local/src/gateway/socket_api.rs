//! A WebSocket API: its routes and its open connections.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::kernel::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;

use super::socket_event::Origin;
use super::stamp::Stamp;
use crate::function::{Function, InvokeError};
use crate::tasks::Tasks;

/// What API Gateway allows a connection.
#[derive(Debug, Clone, Copy)]
pub struct SocketLimits {
    /// Largest frame from a client, in bytes.
    pub frame: usize,
    /// Largest message in either direction, in bytes.
    pub message: usize,
    /// How long a connection may be silent.
    pub idle: Duration,
    /// How long a connection may exist.
    pub lifetime: Duration,
}

impl Default for SocketLimits {
    /// The quotas of AWS.
    fn default() -> Self {
        Self { frame: 32 * 1024, message: 128 * 1024, idle: Duration::from_mins(10), lifetime: Duration::from_hours(2) }
    }
}

/// How long the gateway waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// Frames that wait for a client that reads slowly; whoever posts more has to wait too.
const OUTBOX: usize = 256;

/// One WebSocket API.
pub(crate) struct SocketApi {
    pub(crate) id: String,
    pub(crate) stage: String,
    pub(crate) routes: BTreeMap<String, Arc<Function>>,
    pub(crate) stamp: Stamp,
    pub(crate) limits: SocketLimits,
    pub(crate) tasks: Tasks,
    pub(crate) connections: Mutex<HashMap<String, Arc<Connection>>>,
}

/// An open connection, as the management endpoint sees it.
pub(crate) struct Connection {
    pub(crate) origin: Origin,
    pub(crate) outbox: mpsc::Sender<Outgoing>,
    /// Milliseconds since 1970.
    last_active: AtomicI64,
}

/// What the gateway sends to a client.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A text message.
    Text(String),
    /// The end, on somebody's request.
    Close,
}

/// No such connection: never opened, not open yet, or closed.
#[derive(Debug)]
pub(crate) struct Gone;

impl SocketApi {
    /// Invokes the function behind `route`, if the API has one.
    pub(crate) async fn invoke(&self, route: &str, event: &Value) -> Option<Result<String, InvokeError>> {
        let function = self.routes.get(route)?;
        let answer = tokio::time::timeout(INTEGRATION_TIMEOUT, function.invoke(event)).await;
        Some(answer.unwrap_or(Err(InvokeError::TimedOut(INTEGRATION_TIMEOUT))).map(|answer| answer.get().to_owned()))
    }

    /// Opens a connection: from here on it can be posted to.
    pub(crate) fn open(&self, origin: Origin) -> (Arc<Connection>, mpsc::Receiver<Outgoing>) {
        let (outbox, inbox) = mpsc::channel(OUTBOX);
        let last_active = AtomicI64::new(origin.connected_at.as_millisecond());
        let connection = Arc::new(Connection { origin, outbox, last_active });
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.insert(connection.origin.connection.clone(), Arc::clone(&connection));
        (connection, inbox)
    }

    /// Forgets a connection.
    pub(crate) fn close(&self, id: &str) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    pub(crate) fn find(&self, id: &str) -> Option<Arc<Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// Hands something to the connection `id`.
    pub(crate) async fn send(&self, id: &str, outgoing: Outgoing) -> Result<(), Gone> {
        let connection = self.find(id).ok_or(Gone)?;
        connection.touch(self.stamp.now());
        connection.outbox.send(outgoing).await.map_err(|_| Gone)
    }

    /// How many connections are open.
    pub(crate) fn count(&self) -> usize {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Connection {
    pub(crate) fn touch(&self, now: Timestamp) {
        self.last_active.store(now.as_millisecond(), Ordering::Relaxed);
    }

    pub(crate) fn last_active(&self) -> Timestamp {
        domain::kernel::from_epoch_millis(self.last_active.load(Ordering::Relaxed))
    }
}
