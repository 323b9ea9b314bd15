//! The protocol that OpenAI's chat completions and GigaChat's version 1 share: messages with roles, chunks in an event
//! stream, `[DONE]`.

use domain::generation::text::{TextError, TextRequest};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::output::{self, Count, Draft, Step, Usage};
use crate::http::{EventStream, Failure};

/// One message of the conversation.
#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

/// The system message, unless there is nothing in it, and the user's.
pub(super) fn messages(request: &TextRequest) -> Vec<Message<'_>> {
    let system = Message { role: "system", content: &request.system };
    let user = Message { role: "user", content: &request.prompt };
    if request.system.is_empty() { vec![user] } else { vec![system, user] }
}

/// How a stream of chunks ended.
#[derive(Debug, Default)]
pub(super) struct StreamEnd {
    /// The vendor's word for why. `None` when the stream ended in `[DONE]` without one, as some servers do.
    pub(super) finish_reason: Option<String>,
    /// Tokens, if told. The last figures win: some servers tell them with every chunk.
    pub(super) usage: Usage,
}

/// A chunk. Unknown fields, `obfuscation` among them, are ignored.
#[derive(Debug, Deserialize)]
struct Chunk {
    /// Absent, `null` or empty in the chunk that tells the usage.
    choices: Option<Vec<Choice>>,
    usage: Option<ChunkUsage>,
    /// An error in the middle of a stream (OpenAI).
    error: Option<IgnoredAny>,
    /// An error in the middle of a stream (GigaChat: `{status, message}`).
    message: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta {
    content: Option<String>,
    /// The model's own words of refusal, instead of `content`.
    refusal: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ChunkUsage {
    prompt_tokens: Count,
    completion_tokens: Count,
}

/// Reads chunks into `draft` until `[DONE]`. A stream that ends or fails before a finish reason or `[DONE]` is broken.
pub(super) async fn read(events: &mut EventStream, draft: &mut Draft<'_>) -> Result<StreamEnd, TextError> {
    let mut end = StreamEnd::default();
    loop {
        let step = step(events, draft, &mut end).await;
        if output::is_last(step, end.finish_reason.is_some())? {
            return Ok(end);
        }
    }
}

async fn step(events: &mut EventStream, draft: &mut Draft<'_>, end: &mut StreamEnd) -> Result<Step, TextError> {
    let Some(data) = events.next().await? else { return Ok(Step::StreamEnded) };
    match data.trim() {
        "" => Ok(Step::More),
        "[DONE]" => Ok(Step::Done),
        json => take(json, events, draft, end).map(|()| Step::More),
    }
}

fn take(json: &str, events: &EventStream, draft: &mut Draft<'_>, end: &mut StreamEnd) -> Result<(), TextError> {
    let chunk: Chunk = serde_json::from_str(json).map_err(|error| Failure::malformed("chunk", &error))?;
    if chunk.error.is_some() || (chunk.choices.is_none() && chunk.message.is_some()) {
        let error: Value = serde_json::from_str(json).unwrap_or_default();
        return Err(TextError::Broken(events.complaint(&error).describe()));
    }
    if let Some(ChunkUsage { prompt_tokens, completion_tokens }) = chunk.usage {
        end.usage = Usage { input: prompt_tokens.0, output: completion_tokens.0 };
    }
    // One choice was asked for.
    let Some(Choice { delta, finish_reason }) = chunk.choices.and_then(|choices| choices.into_iter().next()) else {
        return Ok(());
    };
    if let Some(Delta { content, refusal }) = delta {
        if refusal.is_some_and(|refusal| !refusal.is_empty()) {
            return Err(TextError::ContentRefused);
        }
        draft.push(content.as_deref().unwrap_or_default());
    }
    // Servers that send "" mean null.
    end.finish_reason = finish_reason.filter(|reason| !reason.is_empty()).or(end.finish_reason.take());
    Ok(())
}
