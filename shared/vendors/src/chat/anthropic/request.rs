//! Requests in Anthropic's protocol.

use std::borrow::Cow;

use domain::gateway::{Call, ChatRequest, Function, ProviderError, ToolChoice};
use serde::Serialize;
use serde_json::Value;

use super::VENDOR;
use super::messages::{Block, Conversation, Turn};
use crate::chat::translation::{self, unsupported};

/// Fields that have a counterpart.
const TRANSLATED: [&str; 7] = ["tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "stop", "user"];

#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Cow<'a, Value>,
}

#[derive(Debug, Serialize)]
struct Choice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_parallel_tool_use: bool,
}

#[derive(Debug, Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

impl<'a> Request<'a> {
    /// Translates a call.
    pub(super) fn of(call: Call<'a>, stream: bool) -> Result<Self, ProviderError> {
        let Call { request, model, max_tokens } = call;
        translation::check(VENDOR, request, &TRANSLATED)?;
        if request.temperature.is_some_and(|temperature| temperature > 1.0) {
            return Err(ProviderError::unsupported("temperature", "Anthropic принимает temperature от 0 до 1"));
        }
        let Conversation { system, turns } = Conversation::of(request)?;
        Ok(Self {
            model,
            max_tokens: max_tokens.required(),
            system,
            messages: turns,
            stream,
            tools: tools(request)?,
            tool_choice: tool_choice(request)?,
            temperature: request.temperature,
            top_p: request.top_p,
            stop_sequences: &request.stop,
            metadata: request.user.as_deref().map(|user_id| Metadata { user_id }),
        })
    }
}

fn tools(request: &ChatRequest) -> Result<Vec<Tool<'_>>, ProviderError> {
    Ok(translation::functions(VENDOR, request)?.into_iter().map(Tool::from).collect())
}

impl<'a> From<&'a Function> for Tool<'a> {
    fn from(function: &'a Function) -> Self {
        let (name, description) = (&function.name, function.description.as_deref());
        Self { name, description, input_schema: translation::parameters(function) }
    }
}

/// The tool choice, if set. The vendor's default for parallel calls is OpenAI's.
fn tool_choice(request: &ChatRequest) -> Result<Option<Choice<'_>>, ProviderError> {
    let one_at_a_time = request.parallel_tool_calls == Some(false) && !request.tools.is_empty();
    let (kind, name) = match &request.tool_choice {
        None if one_at_a_time => ("auto", None),
        None => return Ok(None),
        Some(ToolChoice::None) => ("none", None),
        Some(ToolChoice::Auto) => ("auto", None),
        Some(ToolChoice::Required) => ("any", None),
        Some(ToolChoice::Function(name)) => ("tool", Some(name.as_str())),
        Some(ToolChoice::Other(_)) => return Err(unsupported(VENDOR, "tool_choice.type")),
    };
    if request.tools.is_empty() && matches!(kind, "none" | "auto") {
        return Ok(None);
    }
    Ok(Some(Choice { kind, name, disable_parallel_tool_use: one_at_a_time && kind != "none" }))
}
