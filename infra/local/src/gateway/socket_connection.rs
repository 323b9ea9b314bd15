//! One open connection: frames in both directions until somebody ends it.

use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::socket_api::{Connection, Outgoing, SocketApi};

/// How long a client has to answer a closing frame.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(1);

/// Why a connection ended, in the words of the `$disconnect` event.
struct Ending {
    code: u16,
    reason: String,
    /// Whether the client does not know yet.
    tell: bool,
}

impl Ending {
    fn ours(code: CloseCode, reason: &str) -> Self {
        Self { code: code.into(), reason: reason.to_owned(), tell: true }
    }
}

/// Serves an open connection to its end, `$disconnect` included.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin + Send>(
    api: Arc<SocketApi>,
    connection: Arc<Connection>,
    mut inbox: mpsc::Receiver<Outgoing>,
    stream: S,
) {
    let config =
        WebSocketConfig::default().max_frame_size(Some(api.limits.frame)).max_message_size(Some(api.limits.message));
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let ending = serve(&api, &connection, &mut inbox, &mut socket).await;
    api.close(&connection.origin.connection);
    drop(inbox);
    if ending.tell {
        say_farewell(&mut socket, &ending).await;
    }
    let event = connection.origin.disconnect(&api.stamp, ending.code, &ending.reason);
    // Best effort, as on AWS: the outcome concerns nobody, and failures are logged where they happen.
    let _ = api.invoke("$disconnect", &event).await;
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    api: &SocketApi,
    connection: &Connection,
    inbox: &mut mpsc::Receiver<Outgoing>,
    socket: &mut WebSocketStream<S>,
) -> Ending {
    let end_of_life = Instant::now() + api.limits.lifetime;
    let mut idle_until = Instant::now() + api.limits.idle;
    let mut handling = FuturesUnordered::new();
    let mut stopped = std::pin::pin!(api.tasks.stopped());
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => return Ending::ours(CloseCode::Away, "Going away"),
            () = sleep_until(end_of_life.min(idle_until)) => return Ending::ours(CloseCode::Away, "Going away"),
            outgoing = inbox.recv() => {
                idle_until = Instant::now() + api.limits.idle;
                match outgoing {
                    Some(Outgoing::Text(text)) => {
                        if let Err(cause) = socket.send(Message::text(text)).await {
                            return broken(&cause);
                        }
                    }
                    Some(Outgoing::Close) | None => return Ending::ours(CloseCode::Normal, "Connection Closed Normally"),
                }
            }
            Some(complaint) = handling.next(), if !handling.is_empty() => {
                let complaint: Option<String> = complaint;
                if let Some(text) = complaint && let Err(cause) = socket.send(Message::text(text)).await {
                    return broken(&cause);
                }
            }
            incoming = socket.next() => match incoming {
                Some(Ok(Message::Text(text))) => {
                    idle_until = Instant::now() + api.limits.idle;
                    connection.touch(api.stamp.now());
                    handling.push(handle(api, connection, text.to_string()));
                }
                Some(Ok(Message::Binary(_))) => {
                    return Ending::ours(CloseCode::Unsupported, "Binary frames are not supported");
                }
                // Pings are answered below us, and do not count as a sign of life.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(frame))) => return closed_by_client(frame),
                Some(Err(Error::Capacity(_))) => return Ending::ours(CloseCode::Size, "Message or frame too long"),
                Some(Err(cause)) => return broken(&cause),
                None => return Ending { code: 1006, reason: "Connection Closed Abnormally".to_owned(), tell: false },
            },
        }
    }
}

/// Invokes `$default`. Returns what the client is told if that fails; a function's own answer goes nowhere, because the templates declare no
/// route responses.
async fn handle(api: &SocketApi, connection: &Connection, body: String) -> Option<String> {
    let event = connection.origin.message(&api.stamp, "$default", &body);
    let message = match api.invoke("$default", &event).await {
        Some(Ok(_)) => return None,
        Some(Err(_)) => "Internal server error",
        None => "Forbidden",
    };
    let request_id = event.pointer("/requestContext/requestId").cloned().unwrap_or_default();
    Some(
        json!({ "message": message, "connectionId": connection.origin.connection, "requestId": request_id })
            .to_string(),
    )
}

fn closed_by_client(frame: Option<CloseFrame>) -> Ending {
    let (code, reason) = match frame {
        Some(frame) => (frame.code.into(), frame.reason.to_string()),
        None => (1005, "Client-side close frame status not set".to_owned()),
    };
    // The answer to a closing frame is sent below us.
    Ending { code, reason, tell: false }
}

fn broken(cause: &Error) -> Ending {
    tracing::debug!(%cause, "connection broke");
    Ending { code: 1006, reason: "Connection Closed Abnormally".to_owned(), tell: false }
}

/// Sends the closing frame and reads until the client's own, so that the client sees the code and not a reset connection.
async fn say_farewell<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, ending: &Ending) {
    let frame = CloseFrame { code: ending.code.into(), reason: ending.reason.clone().into() };
    let farewell = async {
        socket.close(Some(frame)).await?;
        while let Some(message) = socket.next().await {
            message?;
        }
        Ok::<_, Error>(())
    };
    if let Ok(Err(cause)) = timeout(FAREWELL, farewell).await {
        tracing::debug!(%cause, "client did not say farewell");
    }
}
