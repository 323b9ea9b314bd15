//! WebSocket functions: `$connect`, `$disconnect` and `$default`.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::kernel::telemetry::{self, Metric};
use domain::kernel::{Clock, Error, Result};
use serde::Deserialize;
use serde_json::json;

use crate::envelope::{Envelope, Meta};
use crate::function::Function;
use crate::platform::Platform;
use crate::problem::{Failure, Problem};

/// A handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// ID of the connection, if the handshake is accepted.
    pub connection: String,
    /// The requested path, for example `/ws/generation/{id}`.
    ///
    /// A WebSocket API has no paths: CloudFront, or the local gateway, passes it as the query parameter `path`.
    pub path: String,
    /// The `token` query parameter: browsers cannot set headers on a handshake.
    pub token: Option<String>,
}

/// What a WebSocket function does.
#[async_trait]
pub trait SocketHandler: Send + Sync + 'static {
    /// Decides on a handshake; an error refuses it with the error's status.
    async fn connect(&self, handshake: Handshake) -> Result<()>;

    /// A connection is closed. Best effort: API Gateway does not report every close.
    async fn disconnect(&self, connection: &str) -> Result<()>;
}

/// The relevant parts of API Gateway's event. The published types require fields that the gateway omits.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: Context,
    #[serde(default)]
    query_string_parameters: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    event_type: EventType,
    connection_id: String,
    #[serde(default)]
    request_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum EventType {
    Connect,
    Disconnect,
    Message,
}

impl Function {
    /// A function behind a WebSocket API that refuses handshakes in the envelope `E`. Messages from clients are
    /// ignored: in the contract, only the server sends.
    pub fn socket<E: Envelope>(platform: &Platform, handler: impl SocketHandler) -> Self {
        let handler = Arc::new(handler);
        let clock = Arc::clone(&platform.clock);
        Self::new(move |event, _| {
            let handler = Arc::clone(&handler);
            let clock = Arc::clone(&clock);
            async move {
                let event: Event = serde_json::from_str(event.get())?;
                let (answer, usage) = store::measured(answer::<E>(&*handler, &*clock, event)).await;
                tracing::info!(
                    table_calls = usage.table_calls,
                    read_units = usage.read_units,
                    write_units = usage.write_units,
                    "socket event handled"
                );
                Ok(serde_json::value::to_raw_value(&answer)?)
            }
        })
    }
}

async fn answer<E: Envelope>(handler: &dyn SocketHandler, clock: &dyn Clock, event: Event) -> serde_json::Value {
    let Context { event_type, connection_id, request_id } = event.request_context;
    let mut query = event.query_string_parameters.unwrap_or_default();
    let path = query.remove("path").unwrap_or_default();
    let outcome = match event_type {
        EventType::Connect => {
            let token = query.remove("token");
            handler.connect(Handshake { connection: connection_id, path: path.clone(), token }).await
        }
        EventType::Disconnect => handler.disconnect(&connection_id).await,
        EventType::Message => Ok(()),
    };
    match outcome {
        Ok(()) => json!({ "statusCode": 200 }),
        Err(error) => refusal::<E>(error, &Meta { timestamp: clock.now(), request_id, path }),
    }
}

fn refusal<E: Envelope>(error: Error, meta: &Meta) -> serde_json::Value {
    let failure = Failure::from(error);
    let problem = Problem::from(&failure);
    let (status, code) = E::code(&problem);
    if problem.is_fault() {
        telemetry::note(Metric::FAULTS, 1);
        tracing::error!(error = &failure as &dyn std::error::Error, code, "socket event failed");
    } else {
        telemetry::note_refusal(code);
        tracing::info!(code, "handshake refused");
    }
    json!({
        "statusCode": status.as_u16(),
        "headers": { "content-type": "application/json" },
        "body": E::failure(&problem, meta),
    })
}
