//! The front door of a product: one host for its HTTP API, its REST API, its WebSocket API and its uploads, as CloudFront makes it on AWS.
//!
//! CloudFront goes by paths alone, so a path belongs to one API with all of its methods: to the one whose route it fits more closely, and to the
//! REST API if both are as close.

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
use crate::gateway::rest_api::{self, RestApi};
use crate::gateway::routes;
use crate::gateway::socket_api::SocketApi;
use crate::gateway::socket_handshake;
use crate::uploads::{self, Uploads};

/// Paths of WebSockets, `/ws/<kind>/<id>`.
const SOCKETS: &str = "/ws/";

/// One product's front door.
pub(crate) struct FrontDoor {
    pub(crate) api: Option<Arc<HttpApi>>,
    pub(crate) rest: Option<Arc<RestApi>>,
    pub(crate) sockets: Option<Arc<SocketApi>>,
    pub(crate) uploads: Option<Uploads>,
}

impl FrontDoor {
    /// The front door as a server.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(receive).with_state(Arc::clone(self))
    }

    /// Answers a request that is not for a WebSocket.
    pub(crate) async fn answer(&self, request: http::Request<Bytes>, source_ip: IpAddr) -> http::Response<Body> {
        if let Some(uploads) = self.uploads.as_ref().filter(|_| request.uri().path().starts_with(uploads::PREFIX)) {
            return uploads.answer(&request).await.map(Body::from);
        }
        match (self.rest_api(request.uri().path()), &self.api) {
            (Some(rest), _) => rest.answer(request, source_ip).await,
            (None, Some(api)) => api.answer(request, source_ip).await.map(Body::from),
            (None, None) => message(StatusCode::NOT_FOUND, "Not Found").map(Body::from),
        }
    }

    /// The REST API, if the path is its.
    fn rest_api(&self, path: &str) -> Option<&RestApi> {
        let rest = self.rest.as_deref()?;
        let (here, there) = (routes::closest(&rest.routes, path), self.api.as_ref());
        let there = there.and_then(|api| routes::closest(&api.routes, path));
        (here.is_some() && here >= there).then_some(rest)
    }

    fn too_large(&self, path: &str) -> Response {
        match self.rest_api(path) {
            Some(_) => rest_api::too_large(),
            None => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large").map(Body::from),
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
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return door.too_large(request.uri().path());
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else { return door.too_large(parts.uri.path()) };
    door.answer(http::Request::from_parts(parts, body), peer.ip()).await
}
