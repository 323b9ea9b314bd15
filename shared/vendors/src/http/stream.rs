//! Bodies of lines or events.

use serde_json::Value;

use super::body::Body;
use super::lines::{Limits, Lines};
use super::sse::Events;
use super::{Complaint, Failure};

/// A body of lines, such as newline-delimited JSON.
pub(crate) struct LineStream {
    body: Body,
    lines: Lines,
    ended: bool,
}

impl LineStream {
    pub(crate) fn new(body: Body, limits: Limits) -> Self {
        Self { body, lines: Lines::new(limits), ended: false }
    }

    /// The next line without its end; `None` at the end of the body.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Failure> {
        loop {
            if let Some(line) = self.lines.next()? {
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(self.lines.end()?);
            }
            match self.body.chunk().await? {
                Some(bytes) => self.lines.push(&bytes)?,
                None => self.ended = true,
            }
        }
    }

    /// The complaint in a JSON message of this stream.
    pub(crate) fn complaint(&self, json: &Value) -> Complaint {
        self.body.complaint(json)
    }
}

/// A body of server-sent events.
pub(crate) struct EventStream {
    lines: LineStream,
    events: Events,
}

impl EventStream {
    pub(crate) fn new(body: Body, limits: Limits) -> Self {
        Self { lines: LineStream::new(body, limits), events: Events::new(limits.line) }
    }

    /// The data of the next event; `None` at the end of the body.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Failure> {
        while let Some(line) = self.lines.next().await? {
            if let Some(data) = self.events.line(&line)? {
                return Ok(Some(data));
            }
        }
        Ok(self.events.end())
    }

    /// The complaint in a JSON message of this stream.
    pub(crate) fn complaint(&self, json: &Value) -> Complaint {
        self.lines.complaint(json)
    }
}
