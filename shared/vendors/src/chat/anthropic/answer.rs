//! Whole answers, and what they share with streams: stop reasons, usage.

use std::borrow::Cow;

use domain::gateway::{Completion, ProviderError, Usage};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::chat::delta::{Message, ToolCall};
use crate::chat::usage::Count;
use crate::http::Complaint;
use crate::provider_error::{self, broken, malformed};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    content: Option<Vec<Block<'a>>>,
    stop_reason: Option<String>,
    usage: Option<Tokens>,
    error: Option<IgnoredAny>,
}

/// A content block or its start. Fields depend on the type.
#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    pub(super) text: Option<String>,
    pub(super) thinking: Option<String>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
}

/// Usage so far. `input` excludes tokens written to the cache and read from it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tokens {
    #[serde(rename = "input_tokens")]
    input: Count,
    #[serde(rename = "cache_creation_input_tokens")]
    cache_creation: Count,
    #[serde(rename = "cache_read_input_tokens")]
    cache_read: Count,
    #[serde(rename = "output_tokens")]
    output: Count,
}

impl Tokens {
    /// Without output tokens: at the start of a stream they count the start only.
    pub(super) fn at_start(self) -> Self {
        Self { output: Count(None), ..self }
    }

    /// Merges later usage, which is cumulative: each figure replaces the earlier one; a missing one stays.
    pub(super) fn update(&mut self, later: Self) {
        let newer = |later: Count, earlier: Count| Count(later.0.or(earlier.0));
        self.input = newer(later.input, self.input);
        self.cache_creation = newer(later.cache_creation, self.cache_creation);
        self.cache_read = newer(later.cache_read, self.cache_read);
        self.output = newer(later.output, self.output);
    }

    /// Total usage, if input and output are known.
    pub(super) fn usage(self) -> Option<Usage> {
        let cached = self.cache_read.0.unwrap_or_default();
        let prompt = self.input.0?.saturating_add(cached).saturating_add(self.cache_creation.0.unwrap_or_default());
        Some(Usage { prompt, completion: self.output.0?, cached, reasoning: 0 })
    }
}

/// OpenAI's finish reason for a stop reason.
pub(super) fn finish_reason(stop_reason: &str) -> Result<&'static str, ProviderError> {
    match stop_reason {
        "max_tokens" | "model_context_window_exceeded" => Ok("length"),
        "tool_use" => Ok("tool_calls"),
        "refusal" => Ok("content_filter"),
        "pause_turn" => Err(broken("the turn was paused, though no tools of the vendor's were given")),
        _ => Ok("stop"),
    }
}

/// Parses an answer.
pub(super) fn read(answer: &[u8], complaint: impl FnOnce(&Value) -> Complaint) -> Result<Completion, ProviderError> {
    let read: Answer<'_> = serde_json::from_slice(answer).map_err(|error| malformed("message", &error))?;
    let (Some(blocks), None) = (read.content, read.error) else {
        let json = serde_json::from_slice(answer).unwrap_or_default();
        return Err(provider_error::from_body(&json, &complaint(&json)));
    };
    let stop_reason = read.stop_reason.ok_or_else(|| broken("the message does not say why it ends"))?;
    let mut message = Message::default();
    for block in blocks {
        add(&mut message, block);
    }
    message.completion(finish_reason(&stop_reason)?, read.usage.and_then(Tokens::usage))
}

/// Adds a block of a known type; others (redacted thinking, future types) have no counterpart in OpenAI's protocol.
fn add(message: &mut Message, block: Block<'_>) {
    match &*block.kind {
        "text" => message.content.push_str(&block.text.unwrap_or_default()),
        "thinking" => message.reasoning_content.push_str(&block.thinking.unwrap_or_default()),
        "tool_use" => message.tool_calls.push(ToolCall {
            id: block.id.unwrap_or_default(),
            name: block.name.unwrap_or_default(),
            arguments: block.input.map_or("{}", RawValue::get).to_owned(),
        }),
        _ => {}
    }
}
