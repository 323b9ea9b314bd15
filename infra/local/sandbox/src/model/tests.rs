//! What tests of the vendors share.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::Options;

pub(crate) const KEY: &str = "sk-sandbox-test-key";
pub(crate) const NOW: i64 = 1_750_000_000;

/// A sandbox that is asked.
pub(crate) struct Client {
    app: Router,
    clock: Arc<AtomicI64>,
}

pub(crate) struct Asked {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// An error if the connection was cut.
    pub(crate) body: Result<String, axum::Error>,
}

impl Client {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(NOW));
        let time = Arc::clone(&clock);
        let options = Options::new(KEY, Duration::ZERO, Arc::new(move || time.load(Ordering::SeqCst)));
        Self { app: crate::router(options), clock }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: impl ToString) -> Asked {
        let mut request = Request::builder().method("POST").uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        assert_eq!(parts.headers["x-sandbox"], "true");
        Asked { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

impl Asked {
    pub(crate) fn text(self) -> String {
        self.body.unwrap()
    }

    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    pub(crate) fn good(self) -> Value {
        assert_eq!(self.status, StatusCode::OK.as_u16(), "{:?}", self.body);
        self.json()
    }
}
