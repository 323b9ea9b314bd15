//! Answers, which are also lines of a stream.

use domain::gateway::{Completion, ProviderError, Usage};
use serde::Deserialize;
use serde_json::Value;

use crate::chat::delta::Message;
use crate::chat::usage::Count;
use crate::http::Complaint;
use crate::provider_error::{self, broken, malformed};

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

/// State of the answer after a line.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The whole text so far.
    pub(super) text: Option<String>,
    /// OpenAI's finish reason, if the text ends.
    pub(super) finish_reason: Option<&'static str>,
    pub(super) usage: Option<Usage>,
}

/// Parses a line; `None` if it is an error.
pub(super) fn state(line: &[u8]) -> Result<Option<State>, ProviderError> {
    let line: Line = serde_json::from_slice(line).map_err(|error| malformed("line", &error))?;
    let Some(reply) = line.result else { return Ok(None) };
    let usage = reply.usage.and_then(|Tokens { input_text_tokens, completion_tokens }| {
        Some(Usage { prompt: input_text_tokens.0?, completion: completion_tokens.0?, cached: 0, reasoning: 0 })
    });
    // One alternative was requested.
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

/// Parses a whole answer.
pub(super) fn read(answer: &[u8], complaint: impl FnOnce(&Value) -> Complaint) -> Result<Completion, ProviderError> {
    let Some(State { text, finish_reason, usage }) = state(answer)? else {
        let json = serde_json::from_slice(answer).unwrap_or_default();
        return Err(provider_error::from_body(&json, &complaint(&json)));
    };
    let Some(finish_reason) = finish_reason else {
        return Err(broken("the answer does not say that it is whole"));
    };
    Message { content: text.unwrap_or_default(), ..Message::default() }.completion(finish_reason, usage)
}
