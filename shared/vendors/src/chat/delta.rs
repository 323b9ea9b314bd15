//! Choices in OpenAI's protocol, for vendors whose answers are translated. They all answer with one choice.

use domain::gateway::{Chunk, Completion, Fields, ProviderError, Usage};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::provider_error::malformed;

/// Difference that a chunk makes to the message.
#[derive(Debug, Default, Serialize)]
pub(super) struct Delta<'a> {
    /// Set by [`Pieces`], once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<&'a str>,
    #[serde(rename = "tool_calls", skip_serializing_if = "Option::is_none")]
    pub(super) tool_call: Option<[ToolCallDelta<'a>; 1]>,
}

/// Difference that a chunk makes to a tool call.
#[derive(Debug, Serialize)]
pub(super) struct ToolCallDelta<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    function: FunctionDelta<'a>,
}

#[derive(Debug, Serialize)]
struct FunctionDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

impl<'a> ToolCallDelta<'a> {
    /// Start of the call with this index.
    pub(super) fn begin(index: u32, id: &'a str, name: &'a str, arguments: &'a str) -> Self {
        Self { index, id: Some(id), kind: Some("function"), function: FunctionDelta { name: Some(name), arguments } }
    }

    /// More arguments.
    pub(super) fn arguments(index: u32, arguments: &'a str) -> Self {
        Self { index, id: None, kind: None, function: FunctionDelta { name: None, arguments } }
    }

    fn written(&self) -> usize {
        self.function.name.map_or(0, str::len) + self.function.arguments.len()
    }
}

impl Delta<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.content.is_none() && self.reasoning_content.is_none() && self.tool_call.is_none()
    }

    fn written(&self) -> usize {
        let calls = self.tool_call.iter().flatten().map(ToolCallDelta::written).sum::<usize>();
        self.content.map_or(0, str::len) + self.reasoning_content.map_or(0, str::len) + calls
    }
}

/// Builds the chunks of one stream: the first has the role.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    begun: bool,
}

impl Pieces {
    pub(super) fn piece(
        &mut self,
        mut delta: Delta<'_>,
        finish_reason: Option<&str>,
        usage: Option<Usage>,
    ) -> Result<Chunk, ProviderError> {
        #[derive(Serialize)]
        struct Choice<'a> {
            index: u32,
            delta: Delta<'a>,
            finish_reason: Option<&'a str>,
        }
        if !std::mem::replace(&mut self.begun, true) {
            delta.role = Some("assistant");
            // Clients append to the first content; without one OpenAI starts a tool call.
            if delta.is_empty() {
                delta.content = Some("");
            }
        }
        let written = delta.written() as u64;
        let finished = u32::from(finish_reason.is_some());
        let choices = raw(&[Choice { index: 0, delta, finish_reason }])?;
        Ok(Chunk { choices: Some(choices), usage, written, finished, ..Chunk::default() })
    }
}

/// A chunk with usage only.
pub(super) fn usage_piece(usage: Usage) -> Chunk {
    Chunk { usage: Some(usage), ..Chunk::default() }
}

#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) content: String,
    pub(super) reasoning_content: String,
    pub(super) tool_calls: Vec<ToolCall>,
}

#[derive(Debug)]
pub(super) struct ToolCall {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
}

impl Message {
    fn written(&self) -> usize {
        let calls = self.tool_calls.iter().map(|call| call.name.len() + call.arguments.len()).sum::<usize>();
        self.content.len() + self.reasoning_content.len() + calls
    }

    /// The completion with this message.
    pub(super) fn completion(self, finish_reason: &str, usage: Option<Usage>) -> Result<Completion, ProviderError> {
        #[derive(Serialize)]
        struct Choice<'a> {
            index: u32,
            message: Wire<'a>,
            logprobs: (),
            finish_reason: &'a str,
        }
        #[derive(Serialize)]
        struct Wire<'a> {
            role: &'static str,
            content: Option<&'a str>,
            refusal: (),
            #[serde(skip_serializing_if = "str::is_empty")]
            reasoning_content: &'a str,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            tool_calls: Vec<Call<'a>>,
        }
        #[derive(Serialize)]
        struct Call<'a> {
            id: &'a str,
            #[serde(rename = "type")]
            kind: &'static str,
            function: FunctionDelta<'a>,
        }
        impl<'a> From<&'a ToolCall> for Call<'a> {
            fn from(ToolCall { id, name, arguments }: &'a ToolCall) -> Self {
                Self { id, kind: "function", function: FunctionDelta { name: Some(name), arguments } }
            }
        }
        let written = self.written() as u64;
        let tool_calls: Vec<_> = self.tool_calls.iter().map(Call::from).collect();
        // OpenAI sends null if there are only tool calls.
        let content = Some(self.content.as_str()).filter(|text| tool_calls.is_empty() || !text.is_empty());
        let message =
            Wire { role: "assistant", content, refusal: (), reasoning_content: &self.reasoning_content, tool_calls };
        let choices = raw(&[Choice { index: 0, message, logprobs: (), finish_reason }])?;
        Ok(Completion { choices, usage, written, rest: Fields::new() })
    }
}

fn raw(value: &impl Serialize) -> Result<Box<RawValue>, ProviderError> {
    to_raw_value(value).map_err(|error| malformed("translation", &error))
}
