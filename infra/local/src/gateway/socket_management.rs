//! The management endpoint of a WebSocket API: `/{stage}/@connections/{id}`.
//!
//! Source: "Use @connections commands in your backend service". SDKs tell errors apart by `x-amzn-errortype`.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use super::socket_api::{Gone, Outgoing, SocketApi};

type Api = State<Arc<SocketApi>>;
type Target = Path<(String, String)>;

/// The endpoint.
pub(crate) fn router(api: Arc<SocketApi>) -> Router {
    let connection = post(send).merge(get(show)).delete(close);
    // The limit is that of the API below, which has its own error.
    Router::new().route("/{stage}/@connections/{id}", connection).layer(DefaultBodyLimit::disable()).with_state(api)
}

async fn send(State(api): Api, Path((stage, id)): Target, body: Bytes) -> Response {
    if body.len() > api.limits.message {
        return failure(
            StatusCode::PAYLOAD_TOO_LARGE,
            "PayloadTooLargeException",
            json!({ "message": "Message too long" }),
        );
    }
    // Connections carry text; what is not UTF-8 would end as replacement characters on AWS too.
    let text = String::from_utf8_lossy(&body).into_owned();
    match if stage == api.stage { api.send(&id, Outgoing::Text(text)).await } else { Err(Gone) } {
        Ok(()) => StatusCode::OK.into_response(),
        Err(gone) => gone.into_response(),
    }
}

async fn show(State(api): Api, Path((stage, id)): Target) -> Response {
    let Some(connection) = api.find(&id).filter(|_| stage == api.stage) else { return Gone.into_response() };
    let origin = &connection.origin;
    axum::Json(json!({
        "connectedAt": origin.connected_at.to_string(),
        "identity": { "sourceIp": origin.source_ip.to_string(), "userAgent": origin.user_agent },
        "lastActiveAt": connection.last_active().to_string(),
    }))
    .into_response()
}

async fn close(State(api): Api, Path((stage, id)): Target) -> Response {
    match if stage == api.stage { api.send(&id, Outgoing::Close).await } else { Err(Gone) } {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(gone) => gone.into_response(),
    }
}

impl axum::response::IntoResponse for Gone {
    fn into_response(self) -> Response {
        // An object: SDKs take anything else for an answer that they cannot read, and not for this error.
        failure(StatusCode::GONE, "GoneException", json!({}))
    }
}

fn failure(status: StatusCode, kind: &'static str, body: Value) -> Response {
    (status, [(HeaderName::from_static("x-amzn-errortype"), kind)], axum::Json(body)).into_response()
}
