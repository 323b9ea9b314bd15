//! The WebSocket gateway as functions see it: the management API, and what each connection was sent.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{World, events};

#[derive(Default)]
struct Inner {
    frames: HashMap<String, Vec<Value>>,
    gone: HashSet<String>,
    /// How many more frames are refused because the handshake is not over.
    opening: HashMap<String, usize>,
}

/// All connections of a world.
#[derive(Clone, Default)]
pub struct Subscribers {
    inner: Arc<Mutex<Inner>>,
    arrived: Arc<Notify>,
}

impl Subscribers {
    /// Waits for the next frame that anybody is sent; one that came since the last wait counts.
    pub async fn next_frame(&self) {
        self.arrived.notified().await;
    }

    /// What the connection was sent so far.
    pub fn frames(&self, connection: &str) -> Vec<Value> {
        self.inner.lock().expect("subscribers").frames.get(connection).cloned().unwrap_or_default()
    }

    /// The `event` fields of what the connection was sent so far.
    pub fn events(&self, connection: &str) -> Vec<String> {
        self.frames(connection).iter().map(|frame| frame["event"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Closes a connection without telling anybody: the next frame to it is answered with 410.
    pub fn cut(&self, connection: &str) {
        self.inner.lock().expect("subscribers").gone.insert(connection.to_owned());
    }
}

impl Subscribers {
    /// Lets a connection's handshake last for so many more frames: each is answered with 410, as API Gateway does.
    pub fn open_after(&self, connection: &str, frames: usize) {
        self.inner.lock().expect("subscribers").opening.insert(connection.to_owned(), frames);
    }

    /// The management API's answer, if the request is for it.
    pub(super) fn receive(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let (_, id) = request.uri().split_once("/@connections/")?;
        let mut inner = self.inner.lock().expect("subscribers");
        let opening = inner.opening.get_mut(id).filter(|left| **left > 0);
        let is_opening = opening.is_some();
        if let Some(left) = opening {
            *left -= 1;
        }
        if is_opening || inner.gone.contains(id) {
            let body = SdkBody::from(json!({ "message": "gone" }).to_string());
            let mut gone = HttpResponse::new(410.try_into().expect("status"), body);
            gone.headers_mut().insert("x-amzn-errortype", "GoneException");
            return Some(gone);
        }
        let body = request.body().bytes().expect("a frame");
        assert!(body.len() <= 32 * 1024, "API Gateway closes connections that get frames above 32 KB");
        let frame = serde_json::from_slice(body).expect("a JSON frame");
        inner.frames.entry(id.to_owned()).or_default().push(frame);
        self.arrived.notify_one();
        Some(HttpResponse::new(200.try_into().expect("status"), SdkBody::empty()))
    }
}

impl World {
    /// Shakes hands for a connection that watches a session. The status.
    pub async fn connect(&self, connection: &str, session: &str, token: &str) -> u64 {
        self.connect_to(connection, &format!("/ws/generation/{session}"), Some(token)).await
    }

    /// Shakes hands for any path.
    pub async fn connect_to(&self, connection: &str, path: &str, token: Option<&str>) -> u64 {
        let event = events::connect(connection, path, token);
        let answer = self.invoke("easy-writer-socket", &event).await.expect("socket function");
        answer["statusCode"].as_u64().expect("status")
    }

    /// Says farewell for a connection.
    pub async fn disconnect(&self, connection: &str) -> u64 {
        let answer = self.invoke("easy-writer-socket", &events::disconnect(connection)).await.expect("socket function");
        answer["statusCode"].as_u64().expect("status")
    }
}
