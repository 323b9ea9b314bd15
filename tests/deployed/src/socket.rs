//! WebSockets.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::site::Site;
use crate::{Outcome, ensure};

/// How long the next frame may take. A queue that tries a message again has its own pace.
const TIMEOUT: Duration = Duration::from_mins(2);

/// An open connection and what it was told.
pub(crate) struct Watching {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) frames: Vec<Value>,
}

fn url(site: &Site, path: &str, token: &str) -> String {
    format!("{}{path}?token={token}", site.base.replacen("http", "ws", 1))
}

impl Watching {
    pub(crate) async fn open(site: &Site, path: &str, token: &str) -> Outcome<Self> {
        let (socket, _) = connect_async(url(site, path, token)).await.map_err(|cause| format!("{path}: {cause}"))?;
        Ok(Self { socket, frames: Vec::new() })
    }

    /// Waits for an event of this name, and returns it.
    pub(crate) async fn until(&mut self, name: &str) -> Outcome<Value> {
        loop {
            let frame = self.next().await.map_err(|cause| format!("waiting for {name}: {cause}"))?;
            if frame["event"] == name {
                return Ok(frame);
            }
            ensure!(frame["event"] != "error", "{frame} and not {name}");
        }
    }

    /// Waits for the end, whichever it is.
    pub(crate) async fn ending(&mut self) -> Outcome<Value> {
        loop {
            let frame = self.next().await?;
            if frame["event"] == "completed" || frame["event"] == "error" {
                return Ok(frame);
            }
        }
    }

    async fn next(&mut self) -> Outcome<Value> {
        loop {
            let message = timeout(TIMEOUT, self.socket.next()).await;
            let message = message.map_err(|_| format!("nothing comes after {:?}", self.names()))?;
            let Some(message) = message else {
                return Err(format!("the connection ends after {:?}", self.names()).into());
            };
            let message = message?;
            if message.is_text() {
                let frame: Value = serde_json::from_str(message.to_text()?)?;
                self.frames.push(frame.clone());
                return Ok(frame);
            }
        }
    }

    /// Watches a run to its end: everything once and in order. The last frame.
    pub(crate) async fn until_the_end(&mut self) -> Outcome<Value> {
        let end = self.until("completed").await?;
        let names = self.names();
        ensure!(names.first() == Some(&"connected"), "{names:?}");
        ensure!(names.iter().filter(|name| **name == "connected").count() == 1, "{names:?}");
        let total = self.frames.iter().find_map(|frame| frame["total_steps"].as_i64()).unwrap_or_default();
        let wanted: Vec<_> = (1..=total).collect();
        for name in ["step_started", "step_completed"] {
            let steps = self.frames.iter().filter(|it| it["event"] == name);
            let steps: Vec<_> = steps.filter_map(|it| it["step"].as_i64()).collect();
            ensure!(total > 1 && steps == wanted, "{name} tells of {steps:?}");
        }
        Ok(end)
    }

    fn names(&self) -> Vec<&str> {
        self.frames.iter().filter_map(|frame| frame["event"].as_str()).collect()
    }
}

/// That a handshake is refused with this status.
pub(crate) async fn refused(site: &Site, path: &str, token: &str, status: u16) -> Outcome {
    let status = site.every_refusal.unwrap_or(status);
    match connect_async(url(site, path, token)).await {
        Err(Error::Http(answer)) => {
            ensure!(answer.status() == status, "{path} is refused with {} and not {status}", answer.status());
            Ok(())
        }
        Err(cause) => Err(cause.into()),
        Ok(_) => Err(format!("{path} is let in").into()),
    }
}
