//! The response of a chat completion: the whole object, or its chunks.

use serde::Serialize;

use crate::composer::{Content, FunctionCall};
use crate::model::{self, Answer, MODEL, tokens};

const FINGERPRINT: &str = "fp_sandbox";

/// The fields that whole answers and chunks share.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) object: &'static str,
    pub(super) created: i64,
    model: &'static str,
    service_tier: &'static str,
    system_fingerprint: &'static str,
    /// Not in the vendor's protocol: marks the sandbox.
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
    ToolCalls,
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
    pub(super) index: usize,
    pub(super) message: Reply,
    logprobs: Option<Probabilities>,
    pub(super) finish_reason: Finish,
    /// `logprobs`: whether probabilities are wanted, and whether those of other likely tokens are.
    #[serde(skip)]
    probabilities: Option<bool>,
}

#[derive(Debug, Serialize)]
pub(super) struct Reply {
    role: &'static str,
    pub(super) content: Option<String>,
    refusal: Option<()>,
    annotations: [(); 0],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<ToolCall>,
}

#[derive(Debug, Serialize)]
pub(super) struct ToolCall {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    pub(super) function: Called,
}

#[derive(Debug, Serialize)]
pub(super) struct Called {
    name: String,
    /// A JSON object as text.
    pub(super) arguments: String,
}

impl Choice {
    /// The answer to the request with this `number`. If a certain function had to be called, the vendor's finish reason is `stop`.
    pub(super) fn new(
        index: usize,
        number: u64,
        answer: Answer,
        call_was_named: bool,
        probabilities: Option<bool>,
    ) -> Self {
        let finish_reason = match answer.finish {
            model::Finish::Calls if !call_was_named => Finish::ToolCalls,
            model::Finish::Length => Finish::Length,
            _ => Finish::Stop,
        };
        let (content, calls) = match answer.content {
            Content::Text(text) => (Some(text), Vec::new()),
            Content::Calls(calls) => (None, calls),
        };
        let tool_call = |(place, FunctionCall { name, arguments }): (usize, FunctionCall)| ToolCall {
            id: format!("call_sandbox_{number:08x}_{index}_{place}"),
            kind: "function",
            function: Called { name, arguments },
        };
        let tool_calls = calls.into_iter().enumerate().map(tool_call).collect();
        let logprobs = probabilities.map(|likely| Probabilities::of(content.as_deref().unwrap_or_default(), likely));
        let message = Reply { role: "assistant", content, refusal: None, annotations: [], tool_calls };
        Self { index, message, logprobs, finish_reason, probabilities }
    }

    /// The probabilities of a piece of the content, if they are wanted.
    pub(super) fn probabilities_of(&self, piece: &str) -> Option<Probabilities> {
        self.probabilities.map(|likely| Probabilities::of(piece, likely))
    }
}

/// Log probabilities of tokens: each is certain.
#[derive(Debug, Serialize)]
pub(super) struct Probabilities {
    content: Vec<Token>,
    refusal: Option<()>,
}

#[derive(Debug, Serialize)]
struct Token {
    #[serde(flatten)]
    token: Likely,
    top_logprobs: Vec<Likely>,
}

#[derive(Debug, Clone, Serialize)]
struct Likely {
    token: String,
    logprob: f32,
    bytes: Vec<u8>,
}

impl Probabilities {
    fn of(text: &str, likely: bool) -> Self {
        let token = |piece: &str| {
            let token = Likely { token: piece.to_owned(), logprob: 0.0, bytes: piece.as_bytes().to_vec() };
            Token { top_logprobs: likely.then(|| token.clone()).into_iter().collect(), token }
        };
        Self { content: tokens::pieces(text).map(token).collect(), refusal: None }
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
    pub(super) logprobs: Option<Probabilities>,
    pub(super) finish_reason: Option<Finish>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Nullable<&'a str>>,
    /// Null in the first chunk, absent in the others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Nullable<()>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls: Option<[ToolCallDelta<'a>; 1]>,
}

/// A call that begins, or the next piece of its arguments.
#[derive(Debug, Serialize)]
pub(super) struct ToolCallDelta<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: CalledDelta<'a>,
}

#[derive(Debug, Serialize)]
struct CalledDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl<'a> ToolCallDelta<'a> {
    pub(super) fn begin(index: usize, call: &'a ToolCall) -> Self {
        let function = CalledDelta { name: Some(&call.function.name), arguments: "" };
        Self { index, id: Some(&call.id), kind: Some(call.kind), function }
    }

    pub(super) fn go_on(index: usize, arguments: &'a str) -> Self {
        Self { index, id: None, kind: None, function: CalledDelta { name: None, arguments } }
    }
}

/// A field that is present and may be null.
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
