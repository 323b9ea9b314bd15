//! The front door of a product: one host for its HTTP API, its WebSocket API and its uploads, as CloudFront makes it on AWS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_LENGTH;

use crate::gateway::http_api::{HttpApi, MAX_BODY_BYTES, message};
use crate::gateway::socket_api::SocketApi;
use crate::gateway::socket_handshake;
use crate::uploads::{self, Uploads};

/// Paths of WebSockets, `/ws/<kind>/<id>`.
const SOCKETS: &str = "/ws/";

/// One product's front door.
pub(crate) struct FrontDoor {
    pub(crate) api: Option<Arc<HttpApi>>,
    pub(crate) sockets: Option<Arc<SocketApi>>,
    pub(crate) uploads: Option<Uploads>,
}

impl FrontDoor {
    /// The front door as a server.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(receive).with_state(Arc::clone(self))
    }

    /// Answers a request that is not for a WebSocket.
    pub(crate) async fn answer(&self, request: http::Request<Bytes>, source_ip: IpAddr) -> http::Response<Bytes> {
        match (&self.uploads, &self.api) {
            (Some(uploads), _) if request.uri().path().starts_with(uploads::PREFIX) => uploads.answer(&request).await,
            (_, Some(api)) => api.answer(request, source_ip).await,
            (_, None) => message(StatusCode::NOT_FOUND, "Not Found"),
        }
    }
}

async fn receive(
    State(door): State<Arc<FrontDoor>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    if let Some(sockets) = door.sockets.as_ref().filter(|_| request.uri().path().starts_with(SOCKETS)) {
        if socket_handshake::is_handshake(request.headers()) {
            return socket_handshake::answer(sockets, request, peer.ip()).await;
        }
        return message(StatusCode::UPGRADE_REQUIRED, "Upgrade Required").map(Body::from);
    }
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let too_large = || message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large").map(Body::from);
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return too_large();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else { return too_large() };
    door.answer(http::Request::from_parts(parts, body), peer.ip()).await.map(Body::from)
}
