//! Easy Writer: WebSocket connections.
//!
//! | route | path | needs |
//! | --- | --- | --- |
//! | `$connect` | `/ws/generation/{session_id}?token=` | access token of the session's owner |
//! | `$connect` | `/ws/image/{image_id}?token=` | access token of the image's owner |
//! | `$disconnect` | | |
//! | `$default` | | ignored: only the server sends |
//!
//! Frames are sent by the workers.

mod connect;

use async_trait::async_trait;
use domain::easy_writer::PRODUCT;
use domain::generation::JobReader;
use domain::identity::Identity;
use domain::kernel::Result;
use domain::realtime::Connections;
use edge::{ConfigError, EasyWriter, Function, Handshake, Platform, Registration, SocketHandler};
use store::Queue;

pub const FUNCTION: Registration = Registration::new(PRODUCT, "socket", start);

/// What the routes share.
struct Socket {
    identity: Identity,
    jobs: JobReader,
    connections: Connections,
    replays: Queue,
}

fn start(platform: &Platform) -> std::result::Result<Function, ConfigError> {
    let table = platform.table()?;
    let socket = Socket {
        identity: platform.identity(PRODUCT, &table)?,
        jobs: JobReader::new(table.clone()),
        connections: platform.connections(&table),
        replays: platform.queue("REPLAY_QUEUE_URL")?,
    };
    Ok(Function::socket::<EasyWriter>(platform, socket))
}

#[async_trait]
impl SocketHandler for Socket {
    async fn connect(&self, handshake: Handshake) -> Result<()> {
        connect::connect(self, handshake).await
    }

    async fn disconnect(&self, connection: &str) -> Result<()> {
        self.connections.close(connection).await
    }
}
