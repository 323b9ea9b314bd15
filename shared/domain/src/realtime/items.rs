//! `CHANNEL#{job}` / `{connection}`, also found under `CONNECTION#{connection}` in `gsi1`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::Key;
use uuid::Uuid;

use crate::due::{Lease, Leased};
use crate::kernel::JobId;

/// The lease of a connection's only sender. It lasts longer than any sender that is alive keeps it.
pub(super) const SEND_LEASE: Lease = Lease::new("pump", "pump_until", Duration::from_secs(30));

pub(super) fn channel_partition(channel: JobId) -> String {
    format!("CHANNEL#{channel}")
}

pub(super) fn connection_key(channel: JobId, connection: &str) -> Key {
    Key::new(channel_partition(channel), connection)
}

pub(super) fn connection_index(connection: &str) -> String {
    format!("CONNECTION#{connection}")
}

/// An open connection. The attribute names are spelled in the parent module too, where they are updated.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ConnectionItem {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) gsi1pk: String,
    pub(super) gsi1sk: String,
    pub(super) connection: String,
    /// Number of the frame that it needs next.
    pub(super) next: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pump: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pump_until: Option<i64>,
    pub(super) expires_at: i64,
}

impl Leased for ConnectionItem {
    fn token(&self) -> Option<Uuid> {
        self.pump
    }
}

impl ConnectionItem {
    pub(super) fn new(connection: &str, channel: JobId, expires_at: i64) -> Self {
        Self {
            key: connection_key(channel, connection),
            gsi1pk: connection_index(connection),
            gsi1sk: channel.to_string(),
            connection: connection.to_owned(),
            next: 0,
            pump: None,
            pump_until: None,
            expires_at,
        }
    }
}
