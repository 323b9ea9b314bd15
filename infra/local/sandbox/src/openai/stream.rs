//! A completion as server-sent events.
//!
//! The body is pulled, never pushed: hyper asks for the next frame, the frame waits for its pace, and when the client leaves, hyper drops the
//! body and nothing is left running.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;

use super::error::Failure;
use super::fault::Behaviour;
use super::request::ChatRequest;
use super::response::{Answer, Chunk, ChunkChoice, Delta, Finish, Head, Nullable, Usage};
use super::tokens;

/// Content chunks that a stream with a fault sends before the fault.
const BEFORE_FAULT: usize = 4;
/// Chunks are padded with up to this much, so that their length does not give their text away.
const PADDING: &str = "aB3dE6gH9jK2mN5pQ8sT";

/// The connection is to be closed in the middle of the body.
#[derive(Debug, thiserror::Error)]
#[error("the sandbox cuts this connection on purpose")]
pub(super) struct Cut;

/// One thing to send.
#[derive(Debug)]
enum Step {
    Role(usize),
    Content(usize, String),
    Finish(usize, Finish),
    Usage,
    Error,
    Broken,
    Cut,
    Done,
}

/// Everything that one streamed completion will send.
pub(super) struct Plan {
    head: Head,
    usage: Usage,
    include_usage: bool,
    obfuscate: bool,
    steps: VecDeque<Step>,
}

impl Plan {
    pub(super) fn new(request: &ChatRequest, head: Head, usage: Usage, answers: Vec<Answer>) -> Self {
        let include_usage = request.include_usage && request.behaviour != Behaviour::NoUsage;
        let mut steps = VecDeque::new();
        for (index, answer) in answers.into_iter().enumerate() {
            steps.push_back(Step::Role(index));
            steps.extend(tokens::pieces(&answer.text).map(|piece| Step::Content(index, piece.to_owned())));
            steps.push_back(Step::Finish(index, answer.finish));
        }
        if include_usage {
            steps.push_back(Step::Usage);
        }
        steps.push_back(Step::Done);
        let early = (1 + BEFORE_FAULT).min(steps.len().saturating_sub(2));
        match request.behaviour {
            Behaviour::BrokenJson => steps.insert(early, Step::Broken),
            Behaviour::HalfStream => {
                steps.truncate(early);
                steps.push_back(Step::Cut);
            }
            Behaviour::StreamError => {
                steps.truncate(early);
                steps.extend([Step::Error, Step::Done]);
            }
            _ => {}
        }
        Self { head, usage, include_usage, obfuscate: request.obfuscate, steps }
    }

    /// The streaming answer; `streams` counts it while it is being read.
    pub(super) fn respond(self, pace: Duration, streams: &Arc<AtomicUsize>) -> Response {
        let reader = Reader::new(Arc::clone(streams));
        let body = stream::unfold((self, reader), move |(mut plan, reader)| async move {
            let step = plan.steps.pop_front()?;
            if !pace.is_zero() && !matches!(step, Step::Role(0) | Step::Done) {
                tokio::time::sleep(pace).await;
            }
            let frame = plan.frame(&step);
            Some((frame, (plan, reader)))
        });
        let headers = [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
        (headers, Body::from_stream(body)).into_response()
    }

    fn frame(&self, step: &Step) -> Result<Bytes, Cut> {
        let delta = match step {
            Step::Role(index) => {
                (*index, Delta { role: Some("assistant"), content: Some(""), refusal: Some(Nullable::Null) }, None)
            }
            Step::Content(index, text) => (*index, Delta { content: Some(text), ..Delta::default() }, None),
            Step::Finish(index, finish) => (*index, Delta::default(), Some(*finish)),
            Step::Usage => {
                let usage = Some(Nullable::Value(&self.usage));
                return Ok(data(&Chunk { head: &self.head, choices: Vec::new(), usage, obfuscation: None }));
            }
            Step::Error => return Ok(data(&Failure::server_error().into_body())),
            Step::Broken => {
                return Ok(Bytes::from_static(b"data: {\"id\":\"chatcmpl-sandbox\",\"object\":\"chat.comp\n\n"));
            }
            Step::Cut => return Err(Cut),
            Step::Done => return Ok(Bytes::from_static(b"data: [DONE]\n\n")),
        };
        let (index, delta, finish_reason) = delta;
        let usage = self.include_usage.then_some(Nullable::Null);
        let obfuscation = self.obfuscate.then(|| padding(self.steps.len()));
        let choice = ChunkChoice { index, delta, logprobs: None, finish_reason };
        Ok(data(&Chunk { head: &self.head, choices: vec![choice], usage, obfuscation }))
    }
}

fn padding(position: usize) -> &'static str {
    PADDING.get(..1 + position * 7 % PADDING.len()).unwrap_or(PADDING)
}

fn data(json: &impl serde::Serialize) -> Bytes {
    let mut frame = b"data: ".to_vec();
    // Our own types always serialise.
    frame.extend(serde_json::to_vec(json).unwrap_or_default());
    frame.extend_from_slice(b"\n\n");
    Bytes::from(frame)
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
