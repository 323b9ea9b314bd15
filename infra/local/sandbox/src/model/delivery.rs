//! Delivery of answers: whole or frame by frame, at their pace, with the faults of the model's behaviour.
//!
//! A streamed body is pulled: hyper polls for the next frame, the frame waits for its pace, and when the client disconnects, hyper drops the body and
//! nothing is left running.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Serialize;

use super::Behaviour;

/// Frames of a stream with a fault that come before the fault.
const BEFORE_FAULT: usize = 5;

/// Closes the connection in the middle of the body.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox cuts this connection on purpose")]
struct Cut;

/// The frames of one streamed answer.
pub(crate) struct Script {
    pub(crate) content_type: &'static str,
    pub(crate) frames: Vec<Bytes>,
    /// Frames that replace the rest if the vendor fails in the middle.
    pub(crate) failure: Vec<Bytes>,
    /// A frame that does not parse.
    pub(crate) broken: Bytes,
}

impl Script {
    /// The streaming answer; `streams` counts it while it is being read.
    pub(crate) fn play(self, behaviour: Behaviour, pace: Duration, streams: &Arc<AtomicUsize>) -> Response {
        let Self { content_type, frames, failure, broken } = self;
        let mut frames: Vec<Result<Bytes, Cut>> = frames.into_iter().map(Ok).collect();
        // An answer may have fewer frames; its last two, which end it, always come after the fault.
        let early = BEFORE_FAULT.min(frames.len().saturating_sub(2));
        match behaviour {
            Behaviour::BrokenJson => frames.insert(early, Ok(broken)),
            Behaviour::HalfStream => {
                frames.truncate(early);
                frames.push(Err(Cut));
            }
            Behaviour::StreamError => {
                frames.truncate(early);
                frames.extend(failure.into_iter().map(Ok));
            }
            _ => {}
        }
        let reader = Reader::new(Arc::clone(streams));
        let frames = frames.into_iter().enumerate();
        let body = stream::unfold((frames, reader), move |(mut frames, reader)| async move {
            let (number, frame) = frames.next()?;
            if number > 0 && !pace.is_zero() {
                tokio::time::sleep(pace).await;
            }
            Some((frame, (frames, reader)))
        });
        let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")];
        (headers, Body::from_stream(body)).into_response()
    }
}

/// An answer in one piece; `failure` is the body if the vendor fails after its status line.
pub(crate) fn whole(behaviour: Behaviour, answer: &impl Serialize, failure: &impl Serialize) -> Response {
    let bytes = json(answer);
    let half = bytes.slice(..bytes.len() / 2);
    let body = match behaviour {
        Behaviour::StreamError => Body::from(json(failure)),
        Behaviour::HalfStream => Body::from_stream(stream::iter([Ok(half), Err(Cut)])),
        Behaviour::BrokenJson => Body::from(half),
        _ => Body::from(bytes),
    };
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A server-sent event without a name.
pub(crate) fn data(value: &impl Serialize) -> Bytes {
    Bytes::from([b"data: ", json(value).as_ref(), b"\n\n"].concat())
}

/// The JSON of a value of our own, which always has one.
pub(crate) fn json(value: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(value).unwrap_or_default())
}

/// Counts one reader for as long as the body lives.
struct Reader(Arc<AtomicUsize>);

impl Reader {
    fn new(streams: Arc<AtomicUsize>) -> Self {
        streams.fetch_add(1, Ordering::SeqCst);
        Self(streams)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
