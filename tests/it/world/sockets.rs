//! The WebSocket gateway as functions see it: the management API, and what each connection was sent.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{World, aws, events};

#[derive(Default)]
struct Inner {
    frames: HashMap<String, Vec<Value>>,
    gone: HashSet<String>,
    /// How many more frames are refused because the handshake is not over.
    opening: HashMap<String, usize>,
}

/// All connections of a world.
#[derive(Clone)]
pub struct Watchers {
    inner: Arc<Mutex<Inner>>,
    arrived: Arc<Notify>,
    url: String,
}

impl Watchers {
    pub async fn start() -> Self {
        let (inner, arrived) = (Arc::<Mutex<Inner>>::default(), Arc::<Notify>::default());
        let state = (Arc::clone(&inner), Arc::clone(&arrived));
        let router = Router::new().route("/stage/@connections/{id}", post(receive)).with_state(state);
        Self { inner, arrived, url: aws::serve(router).await }
    }

    pub fn endpoint(&self) -> String {
        format!("{}/stage", self.url)
    }

    /// Waits for the next frame that anybody is sent; one that came since the last wait counts.
    pub async fn next_frame(&self) {
        self.arrived.notified().await;
    }

    /// What the connection was sent so far.
    pub fn frames(&self, connection: &str) -> Vec<Value> {
        self.inner.lock().expect("watchers").frames.get(connection).cloned().unwrap_or_default()
    }

    /// The `event` fields of what the connection was sent so far.
    pub fn events(&self, connection: &str) -> Vec<String> {
        self.frames(connection).iter().map(|frame| frame["event"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Closes a connection without telling anybody: the next frame to it is answered with 410.
    pub fn cut(&self, connection: &str) {
        self.inner.lock().expect("watchers").gone.insert(connection.to_owned());
    }
}

impl Watchers {
    /// Lets a connection's handshake last for so many more frames: each is answered with 410, as API Gateway does.
    pub fn open_after(&self, connection: &str, frames: usize) {
        self.inner.lock().expect("watchers").opening.insert(connection.to_owned(), frames);
    }
}

async fn receive(
    State((inner, arrived)): State<(Arc<Mutex<Inner>>, Arc<Notify>)>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let mut inner = inner.lock().expect("watchers");
    let opening = inner.opening.get_mut(&id).filter(|left| **left > 0);
    let is_opening = opening.is_some();
    if let Some(left) = opening {
        *left -= 1;
    }
    if is_opening || inner.gone.contains(&id) {
        let gone = [("x-amzn-errortype", "GoneException")];
        return (StatusCode::GONE, gone, json!({ "message": "gone" }).to_string()).into_response();
    }
    assert!(body.len() <= 32 * 1024, "API Gateway closes connections that get frames above 32 KB");
    inner.frames.entry(id).or_default().push(serde_json::from_slice(&body).expect("a JSON frame"));
    arrived.notify_one();
    StatusCode::OK.into_response()
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
