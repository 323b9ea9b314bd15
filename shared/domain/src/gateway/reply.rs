//! What vendors answer, in the terms of OpenAI's API.

use serde_json::value::RawValue;

use super::Fields;

/// Tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub prompt: u64,
    /// Tokens written, those of reasoning included.
    pub completion: u64,
    /// How many of [`Usage::prompt`] came from the vendor's cache.
    pub cached: u64,
    /// How many of [`Usage::completion`] were reasoning.
    pub reasoning: u64,
}

impl Usage {
    /// Read and written together.
    pub const fn total(self) -> u64 {
        self.prompt.saturating_add(self.completion)
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Completion {
    /// `choices`: a JSON array as OpenAI's `chat.completion` spells it.
    pub choices: Box<RawValue>,
    /// Tokens, if the vendor told them.
    pub usage: Option<Usage>,
    /// How many bytes of text (contents, refusals, reasoning, names and arguments of tool calls) the choices have: what the tokens are estimated
    /// from when the vendor told none.
    pub written: u64,
    /// Other fields that the vendor's answer has and OpenAI's API knows, such as `system_fingerprint` and `service_tier`. Never `id`, `object`,
    /// `created`, `model`, `choices`, `usage`.
    pub rest: Fields,
}

/// A piece of a streamed answer.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// `choices`: a JSON array as OpenAI's `chat.completion.chunk` spells it. `None` if this piece only tells the usage.
    pub choices: Option<Box<RawValue>>,
    /// Tokens of the whole call so far, if this piece tells them. The last figures told count.
    pub usage: Option<Usage>,
    /// How many bytes of text this piece has: see [`Completion::written`].
    pub written: u64,
    /// How many choices said `finish_reason` in this piece.
    pub finished: u32,
    /// Other fields: see [`Completion::rest`].
    pub rest: Fields,
}

/// Vectors.
#[derive(Debug, Clone)]
pub struct Embeddings {
    /// `data`: a JSON array as OpenAI's `list` of `embedding`s spells it.
    pub data: Box<RawValue>,
    /// Tokens read, if the vendor told them.
    pub prompt: Option<u64>,
}
