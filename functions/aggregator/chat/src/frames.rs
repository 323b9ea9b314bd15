//! A streamed chat completion as server-sent events: its chunks, the last one with cost and provider, then `[DONE]`.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use domain::aggregator::{Charge, Streaming};
use domain::gateway::Chunk;
use domain::kernel::{Error, Result};
use edge::{Aggregator, Envelope as _, Failure, Meta, Problem};
use futures_util::Stream;
use futures_util::stream;

use crate::wire::{ChunkView, UsageField, chat_id, json};

/// A comment, which clients skip. Sent often enough that no proxy closes the connection as idle.
const KEEP_ALIVE: &str = ": keep-alive\n\n";
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
const DONE: &str = "data: [DONE]\n\n";

struct Frames {
    answer: Box<Streaming>,
    id: String,
    include_usage: bool,
    /// The chunk that ends a choice, held back until the cost is known.
    last: Option<Chunk>,
    /// The request, for an error frame.
    meta: Meta,
    ended: bool,
}

/// The frames of `answer`. Dropping the stream before its end cancels the call.
pub(crate) fn frames(
    answer: Box<Streaming>,
    include_usage: bool,
    meta: Meta,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let id = chat_id(answer.by());
    let frames = Frames { answer, id, include_usage, last: None, meta, ended: false };
    stream::unfold(frames, |mut frames| async move {
        if frames.ended {
            return None;
        }
        let text = frames.next().await.unwrap_or_else(|error| frames.error(error));
        Some((Ok(Bytes::from(text)), frames))
    })
}

impl Frames {
    async fn next(&mut self) -> Result<String> {
        loop {
            let Ok(next) = tokio::time::timeout(IDLE_TIMEOUT, self.answer.next()).await else {
                return Ok(KEEP_ALIVE.to_owned());
            };
            let Some(chunk) = next? else { return self.end().await };
            // Usage is sent once, at the end, as we count it.
            if chunk.choices.is_none() {
                continue;
            }
            let ready = if chunk.finished > 0 { self.last.replace(chunk) } else { Some(chunk) };
            if let Some(chunk) = ready {
                let text = self.render(Some(&chunk), None)?;
                self.answer.keep(&text);
                return Ok(text);
            }
        }
    }

    async fn end(&mut self) -> Result<String> {
        let charge = self.answer.charge();
        let mut text = match self.last.take() {
            Some(last) => self.render(Some(&last), Some(charge))?,
            None => String::new(),
        };
        if self.include_usage {
            text.push_str(&self.render(None, Some(charge))?);
        }
        text.push_str(DONE);
        self.answer.keep(&text);
        self.answer.finish().await?;
        self.ended = true;
        Ok(text)
    }

    fn render(&self, chunk: Option<&Chunk>, charge: Option<Charge>) -> Result<String> {
        let view = ChunkView {
            id: &self.id,
            by: self.answer.by(),
            choices: chunk.and_then(|chunk| chunk.choices.as_deref()),
            rest: chunk.map(|chunk| &chunk.rest),
            charge,
            // In every chunk, as OpenAI does: null except in the one without choices.
            usage: match charge {
                _ if !self.include_usage => UsageField::Absent,
                Some(charge) if chunk.is_none() => UsageField::Told(charge),
                _ => UsageField::Null,
            },
        };
        Ok(frame(&json(&view)?))
    }

    /// An error in OpenAI's format. No `[DONE]` follows.
    fn error(&mut self, error: Error) -> String {
        self.ended = true;
        let failure = Failure::from(error);
        let problem = Problem::from(&failure);
        tracing::warn!(error = %failure, "the stream broke off");
        let meta = Meta { path: "/v1/".to_owned(), ..self.meta.clone() };
        frame(&Aggregator::failure(&problem, &meta))
    }
}

fn frame(data: &str) -> String {
    format!("data: {data}\n\n")
}
