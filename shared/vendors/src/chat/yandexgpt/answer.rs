//! An answer, which is also one line of a stream.

use domain::gateway::{Completion, ProviderError, Usage};
use serde::Deserialize;
use serde_json::Value;

use crate::chat::delta::Message;
use crate::chat::failure::{self, malformed};
use crate::http::Complaint;
use crate::text::Count;

/// A result, or an error as `{error: {…}}` or `{code, message}`.
#[derive(Deserialize)]
struct Line {
    result: Option<Reply>,
}

#[derive(Deserialize)]
struct Reply {
    alternatives: Option<Vec<Alternative>>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Alternative {
    message: Option<AlternativeMessage>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct AlternativeMessage {
    text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Tokens {
    input_text_tokens: Count,
    completion_tokens: Count,
}

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The whole text so far, if the line has one.
    pub(super) text: Option<String>,
    /// OpenAI's word for why the text ends, if it does.
    pub(super) finish_reason: Option<&'static str>,
    pub(super) usage: Option<Usage>,
}

/// Reads a line; `None` if it is an error.
pub(super) fn state(line: &[u8]) -> Result<Option<State>, ProviderError> {
    let line: Line = serde_json::from_slice(line).map_err(|error| malformed("line", &error))?;
    let Some(reply) = line.result else { return Ok(None) };
    let usage = reply.usage.and_then(|Tokens { input_text_tokens, completion_tokens }| {
        Some(Usage { prompt: input_text_tokens.0?, completion: completion_tokens.0?, cached: 0, reasoning: 0 })
    });
    // One alternative was asked for.
    let Some(Alternative { message, status }) = reply.alternatives.and_then(|all| all.into_iter().next()) else {
        return Ok(Some(State { usage, ..State::default() }));
    };
    let finish_reason = match status.as_deref() {
        Some("ALTERNATIVE_STATUS_CONTENT_FILTER") => Some("content_filter"),
        Some("ALTERNATIVE_STATUS_FINAL" | "ALTERNATIVE_STATUS_TOOL_CALLS") => Some("stop"),
        Some("ALTERNATIVE_STATUS_TRUNCATED_FINAL") => Some("length"),
        _ => None,
    };
    Ok(Some(State { text: message.and_then(|message| message.text), finish_reason, usage }))
}

/// Reads an answer in one piece.
pub(super) fn read(answer: &[u8], complaint: impl FnOnce(&Value) -> Complaint) -> Result<Completion, ProviderError> {
    let Some(State { text, finish_reason, usage }) = state(answer)? else {
        let json = serde_json::from_slice(answer).unwrap_or_default();
        return Err(failure::told(&json, &complaint(&json)));
    };
    let Some(finish_reason) = finish_reason else {
        return Err(ProviderError::Broken("the answer does not say that it is whole".to_owned()));
    };
    Message { content: text.unwrap_or_default(), ..Message::default() }.completion(finish_reason, usage)
}
