//! What a chat completion sends back: the whole object, or its chunks.

use serde::Serialize;

/// The name under which every answer is given.
pub(super) const MODEL: &str = "sandbox";
const FINGERPRINT: &str = "fp_sandbox";

/// What whole answers and chunks have in common.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) object: &'static str,
    pub(super) created: i64,
    model: &'static str,
    service_tier: &'static str,
    system_fingerprint: &'static str,
    /// Not in the vendor's protocol: says that no model wrote this.
    sandbox: bool,
}

impl Head {
    pub(super) fn new(id: String, object: &'static str, created: i64) -> Self {
        Self {
            id,
            object,
            created,
            model: MODEL,
            service_tier: "default",
            system_fingerprint: FINGERPRINT,
            sandbox: true,
        }
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Finish {
    Stop,
    Length,
}

/// One finished answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) finish: Finish,
    pub(super) tokens: u32,
}

/// `chat.completion`.
#[derive(Debug, Serialize)]
pub(super) struct Completion {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Usage>,
}

#[derive(Debug, Serialize)]
pub(super) struct Choice {
    index: usize,
    message: Reply,
    logprobs: Option<()>,
    finish_reason: Finish,
}

#[derive(Debug, Serialize)]
struct Reply {
    role: &'static str,
    content: String,
    refusal: Option<()>,
    annotations: [(); 0],
}

impl Choice {
    pub(super) fn new(index: usize, answer: Answer) -> Self {
        let message = Reply { role: "assistant", content: answer.text, refusal: None, annotations: [] };
        Self { index, message, logprobs: None, finish_reason: answer.finish }
    }
}

/// `chat.completion.chunk`. `usage` is absent unless the client asked for it; then it is null in all chunks but the last.
#[derive(Debug, Serialize)]
pub(super) struct Chunk<'a> {
    #[serde(flatten)]
    pub(super) head: &'a Head,
    pub(super) choices: Vec<ChunkChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Nullable<&'a Usage>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) obfuscation: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct ChunkChoice<'a> {
    pub(super) index: usize,
    pub(super) delta: Delta<'a>,
    pub(super) logprobs: Option<()>,
    pub(super) finish_reason: Option<Finish>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    /// Null in the first chunk, absent in the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Nullable<()>>,
}

/// A field that is there, and may be null.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Nullable<T> {
    Null,
    Value(T),
}

/// Tokens of the prompt and of all answers together.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Usage {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Debug, Clone, Default, Serialize)]
struct PromptDetails {
    cached_tokens: u32,
    audio_tokens: u32,
}

#[derive(Debug, Clone, Default, Serialize)]
struct CompletionDetails {
    #[serde(rename = "reasoning_tokens")]
    reasoning: u32,
    #[serde(rename = "audio_tokens")]
    audio: u32,
    #[serde(rename = "accepted_prediction_tokens")]
    accepted_prediction: u32,
    #[serde(rename = "rejected_prediction_tokens")]
    rejected_prediction: u32,
}

impl Usage {
    pub(super) fn new(prompt: u32, completion: u32) -> Self {
        Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt + completion,
            prompt_tokens_details: PromptDetails::default(),
            completion_tokens_details: CompletionDetails::default(),
        }
    }
}
