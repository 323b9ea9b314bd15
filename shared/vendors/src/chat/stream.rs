//! An answer as it comes, whichever protocol it comes by: when it ends, and what its end means.

use std::future::Future;

use async_trait::async_trait;
use domain::gateway::{ChatStream, Chunk, ProviderError};
use tokio::time::Instant;

use super::{STREAM_LIMITS, failure};
use crate::Timeouts;
use crate::http::{Body, EventStream, Failure, LineStream, deadline, until};

/// What a vendor's messages mean.
pub(super) trait Protocol: Send {
    /// Takes the next message; never an empty one.
    fn take(&mut self, message: &str) -> Result<Step, ProviderError>;

    /// Whether the vendor has said that every choice is finished.
    fn is_finished(&self) -> bool;
}

/// What one message of a stream came to.
pub(super) enum Step {
    /// Nothing for the caller.
    More,
    /// A piece for the caller.
    Piece(Chunk),
    /// The vendor ended the stream.
    Done,
    /// The message is an error.
    Complaint,
}

/// Where messages come from.
pub(super) enum Source {
    /// Server-sent events.
    Events(EventStream),
    /// Lines.
    Lines(LineStream),
}

/// A body that is read by a protocol.
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

/// When a call that starts now must be over.
pub(super) fn end_of_call(timeouts: &Timeouts) -> Option<Instant> {
    deadline(timeouts.total)
}

/// Waits for the head of an answer until the end of the call.
pub(super) async fn opened(
    until_when: Option<Instant>,
    opening: impl Future<Output = Result<Body, Failure>>,
) -> Result<Body, ProviderError> {
    until(until_when, opening).await.and_then(|opened| opened).map_err(failure::meaning)
}

impl Source {
    /// Reads a body of server-sent events.
    pub(super) fn events(body: Body) -> Self {
        Self::Events(EventStream::new(body, STREAM_LIMITS))
    }

    /// Reads a body of lines.
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
        failure::told(&json, &complaint)
    }
}

impl<P: Protocol> Stream<P> {
    /// Reads `source` by `protocol` until the end of the call.
    pub(super) fn new(source: Source, protocol: P, until: Option<Instant>) -> Self {
        Self { source, protocol, until, state: State::Open }
    }

    async fn read(&mut self) -> Result<Option<Chunk>, ProviderError> {
        loop {
            match self.step().await {
                Ok(Step::Piece(chunk)) => return Ok(Some(chunk)),
                Ok(Step::Done) => return Ok(None),
                Ok(Step::More | Step::Complaint) => {}
                // The caller has the whole answer already.
                Err(_) if self.protocol.is_finished() => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    async fn step(&mut self) -> Result<Step, ProviderError> {
        let read = until(self.until, self.source.next()).await.and_then(|read| read);
        let Some(message) = read.map_err(failure::meaning)? else {
            return Err(ProviderError::Broken("the stream ended before the answer".to_owned()));
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
            // An end would say that the answer is whole.
            State::Failed => return Err(ProviderError::Broken("the stream has failed before".to_owned())),
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
