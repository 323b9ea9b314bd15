//! A streamed answer as server-sent events: what came of each piece, then what it came to, then `[DONE]`.

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

/// A comment, which clients skip, so often that nobody on the way takes the connection for dead.
const KEEP_ALIVE: &str = ": keep-alive\n\n";
const SILENCE: Duration = Duration::from_secs(15);
const DONE: &str = "data: [DONE]\n\n";

struct Frames {
    answer: Box<Streaming>,
    id: String,
    include_usage: bool,
    /// A piece that ends a choice: it waits for what the answer comes to, which the last one tells.
    last: Option<Chunk>,
    /// Where the request went, for an error in the middle.
    meta: Meta,
    ended: bool,
}

/// The frames of `answer`. Dropping the stream before its end cancels the answer.
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
    /// What there is to say next.
    async fn next(&mut self) -> Result<String> {
        loop {
            let Ok(next) = tokio::time::timeout(SILENCE, self.answer.next()).await else {
                return Ok(KEEP_ALIVE.to_owned());
            };
            let Some(chunk) = next? else { return self.end().await };
            // A piece that only tells the usage is told at the end, in our words.
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
            // In every piece, as OpenAI has it: null but in the one that has no choices.
            usage: match charge {
                _ if !self.include_usage => UsageField::Absent,
                Some(charge) if chunk.is_none() => UsageField::Told(charge),
                _ => UsageField::Null,
            },
        };
        Ok(frame(&json(&view)?))
    }

    /// An error that clients of OpenAI take for one. There is no `[DONE]` after it.
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
