//! The opening of a connection: `$connect` decides before the client gets an answer.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::header::{
    CONNECTION, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::http_api::message;
use super::socket_api::SocketApi;
use super::socket_connection;
use super::socket_event::Origin;

/// Whether a request asks for a WebSocket.
pub(crate) fn is_handshake(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// What `$connect` says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verdict {
    #[serde(default = "ok")]
    status_code: u16,
    #[serde(default)]
    headers: Option<std::collections::BTreeMap<String, Value>>,
    #[serde(default)]
    body: Option<String>,
}

const fn ok() -> u16 {
    200
}

/// Answers a request for a WebSocket that came from `source_ip`.
pub(crate) async fn answer(api: &Arc<SocketApi>, mut request: Request<Body>, source_ip: IpAddr) -> Response<Body> {
    let headers = request.headers();
    let version_13 = headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| version_13 && request.method() == Method::GET).cloned();
    let Some(key) = key else { return refusal(StatusCode::BAD_REQUEST, "Bad Request") };
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = text(HOST);
    let origin = Origin {
        api_id: api.id.clone(),
        stage: api.stage.clone(),
        domain: host.rsplit_once(':').map_or(host, |(domain, _)| domain).to_owned(),
        connection: api.stamp.short_id(),
        connected_at: api.stamp.now(),
        source_ip,
        user_agent: text(USER_AGENT).to_owned(),
    };
    let event = origin.connect(&api.stamp, headers, request.uri().path(), request.uri().query().unwrap_or_default());
    let verdict = match api.invoke("$connect", &event).await {
        None => Verdict { status_code: 200, headers: None, body: None },
        Some(Ok(answer)) => match serde_json::from_str(&answer) {
            Ok(verdict) => verdict,
            Err(_) => return refusal(StatusCode::BAD_GATEWAY, "Internal server error"),
        },
        Some(Err(_)) => return refusal(StatusCode::BAD_GATEWAY, "Internal server error"),
    };
    if !(200..300).contains(&verdict.status_code) {
        return refused(verdict);
    }
    let upgrade = hyper::upgrade::on(&mut request);
    // Open from here on, so that a frame posted right after `$connect` waits for the client instead of finding nobody.
    let (connection, inbox) = api.open(origin);
    let gateway = Arc::clone(api);
    api.tasks.spawn(async move {
        match upgrade.await {
            Ok(stream) => socket_connection::run(gateway, connection, inbox, TokioIo::new(stream)).await,
            Err(cause) => {
                tracing::debug!(%cause, "client left during the handshake");
                gateway.close(&connection.origin.connection);
            }
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    // A client that offers protocols must be told one; the function picks it.
    let protocol =
        verdict.headers.into_iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"));
    if let Some(protocol) = protocol.and_then(|(_, value)| HeaderValue::from_str(value.as_str()?).ok()) {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

/// The function's own refusal.
fn refused(verdict: Verdict) -> Response<Body> {
    let status = StatusCode::from_u16(verdict.status_code).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Response::new(Body::from(verdict.body.unwrap_or_default()));
    *response.status_mut() = status;
    for (name, value) in verdict.headers.unwrap_or_default() {
        if let (Ok(name), Some(Ok(value))) = (name.parse::<HeaderName>(), value.as_str().map(HeaderValue::from_str)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn refusal(status: StatusCode, text: &str) -> Response<Body> {
    message(status, text).map(|body: Bytes| Body::from(body))
}
