//! Streamed answers of all protocols: how they end, and what the end means.

use std::future::Future;

use async_trait::async_trait;
use domain::gateway::{ChatStream, Chunk, ProviderError};
use tokio::time::Instant;

use super::STREAM_LIMITS;
use crate::Timeouts;
use crate::http::{Body, EventStream, Failure, LineStream, deadline, until};
use crate::provider_error::{self, broken};

/// A vendor's streaming protocol.
pub(super) trait Protocol: Send {
    /// Parses the next message, which is never empty.
    fn take(&mut self, message: &str) -> Result<Step, ProviderError>;

    /// Whether the vendor has said that every choice is finished.
    fn is_finished(&self) -> bool;
}

/// Result of one message.
pub(super) enum Step {
    /// Nothing for the caller.
    More,
    /// A chunk for the caller.
    Piece(Chunk),
    /// The vendor ended the stream.
    Done,
    /// The message is an error.
    Complaint,
}

pub(super) enum Source {
    Events(EventStream),
    Lines(LineStream),
}

/// A body and the protocol that parses it.
pub(super) struct Stream<P> {
    source: Source,
    protocol: P,
    until: Option<Instant>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Open,
    Ended,
    Failed,
}

/// Deadline of a call that starts now.
pub(super) fn end_of_call(timeouts: &Timeouts) -> Option<Instant> {
    deadline(timeouts.total)
}

/// Waits for the head of an answer until the deadline.
pub(super) async fn opened(
    until_when: Option<Instant>,
    opening: impl Future<Output = Result<Body, Failure>>,
) -> Result<Body, ProviderError> {
    Ok(until(until_when, opening).await??)
}

impl Source {
    /// A body of server-sent events.
    pub(super) fn events(body: Body) -> Self {
        Self::Events(EventStream::new(body, STREAM_LIMITS))
    }

    /// A body of lines.
    pub(super) fn lines(body: Body) -> Self {
        Self::Lines(LineStream::new(body, STREAM_LIMITS))
    }

    async fn next(&mut self) -> Result<Option<String>, Failure> {
        match self {
            Self::Events(events) => events.next().await,
            Self::Lines(lines) => lines.next().await,
        }
    }

    fn complaint(&self, message: &str) -> ProviderError {
        let json = serde_json::from_str(message).unwrap_or_default();
        let complaint = match self {
            Self::Events(events) => events.complaint(&json),
            Self::Lines(lines) => lines.complaint(&json),
        };
        provider_error::from_body(&json, &complaint)
    }
}

impl<P: Protocol> Stream<P> {
    /// Reads `source` until the deadline.
    pub(super) fn new(source: Source, protocol: P, until: Option<Instant>) -> Self {
        Self { source, protocol, until, state: State::Open }
    }

    async fn read(&mut self) -> Result<Option<Chunk>, ProviderError> {
        loop {
            match self.step().await {
                Ok(Step::Piece(chunk)) => return Ok(Some(chunk)),
                Ok(Step::Done) => return Ok(None),
                Ok(Step::More | Step::Complaint) => {}
                // The caller has the whole answer.
                Err(_) if self.protocol.is_finished() => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    async fn step(&mut self) -> Result<Step, ProviderError> {
        let read = until(self.until, self.source.next()).await.and_then(|read| read);
        let Some(message) = read? else {
            return Err(broken("the stream ended before the answer"));
        };
        let trimmed = message.trim();
        if trimmed.is_empty() {
            return Ok(Step::More);
        }
        match self.protocol.take(trimmed)? {
            Step::Complaint => Err(self.source.complaint(trimmed)),
            step => Ok(step),
        }
    }
}

#[async_trait]
impl<P: Protocol> ChatStream for Stream<P> {
    async fn next(&mut self) -> Result<Option<Chunk>, ProviderError> {
        match self.state {
            State::Open => {}
            State::Ended => return Ok(None),
            // `None` would mean that the answer is whole.
            State::Failed => return Err(broken("the stream has failed before")),
        }
        let read = self.read().await;
        match &read {
            Ok(Some(_)) => {}
            Ok(None) => self.state = State::Ended,
            Err(_) => self.state = State::Failed,
        }
        read
    }
}
