//! Vendors' answers, in the terms of OpenAI's API.

use serde_json::value::RawValue;

use super::Fields;

/// Tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Prompt tokens, cached ones included.
    pub prompt: u64,
    /// Completion tokens, reasoning included.
    pub completion: u64,
    /// The part of [`Usage::prompt`] that came from the vendor's cache.
    pub cached: u64,
    /// The part of [`Usage::completion`] that was reasoning.
    pub reasoning: u64,
}

impl Usage {
    /// Prompt and completion together.
    pub const fn total(self) -> u64 {
        self.prompt.saturating_add(self.completion)
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Completion {
    /// `choices`: a JSON array as in OpenAI's `chat.completion`.
    pub choices: Box<RawValue>,
    /// `None` if the vendor sent no usage.
    pub usage: Option<Usage>,
    /// Bytes of text in the choices (contents, refusals, reasoning, names and arguments of tool calls): the base of an
    /// estimate where there is no usage.
    pub written: u64,
    /// Other fields that OpenAI's API knows, such as `system_fingerprint` and `service_tier`. Never `id`, `object`,
    /// `created`, `model`, `choices`, `usage`.
    pub rest: Fields,
}

/// A piece of a streamed answer.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    /// `choices`: a JSON array as in OpenAI's `chat.completion.chunk`. `None` if the chunk has usage only.
    pub choices: Option<Box<RawValue>>,
    /// Tokens of the whole call so far. The last usage of a stream counts.
    pub usage: Option<Usage>,
    /// Bytes of text in this chunk: see [`Completion::written`].
    pub written: u64,
    /// Choices whose `finish_reason` is in this chunk.
    pub finished: u32,
    /// Other fields: see [`Completion::rest`].
    pub rest: Fields,
    /// The whole text, if the vendor has rewritten what earlier chunks said. A client of the stream cannot take chunks
    /// back, so only callers who collect the text use it.
    pub rewritten: Option<String>,
}

/// Embeddings.
#[derive(Debug, Clone)]
pub struct Embeddings {
    /// `data`: a JSON array as in OpenAI's `list` of `embedding`s.
    pub data: Box<RawValue>,
    /// Prompt tokens, if the vendor sent usage.
    pub prompt: Option<u64>,
}
