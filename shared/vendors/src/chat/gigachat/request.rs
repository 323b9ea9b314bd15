//! Requests in GigaChat's protocol.

use std::borrow::Cow;

use domain::gateway::{Call, ChatRequest, Message as Said, ProviderError, Role, ToolChoice};
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{STATE_PREFIX, VENDOR};
use crate::chat::translation::{self, unsupported};

/// Fields that have a counterpart.
const TRANSLATED: [&str; 5] = ["tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p"];

#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    functions: Vec<Function<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    content: String,
    /// The function whose result this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    functions_state_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct FunctionCall<'a> {
    name: &'a str,
    arguments: &'a RawValue,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Cow<'a, Value>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Word(&'static str),
    Function { name: &'a str },
}

impl<'a> Request<'a> {
    /// Translates a call.
    pub(super) fn of(call: Call<'a>, stream: bool) -> Result<Self, ProviderError> {
        let Call { request, model, max_tokens } = call;
        translation::check(VENDOR, request, &TRANSLATED)?;
        Ok(Self {
            model,
            messages: messages(request)?,
            stream,
            functions: translation::functions(VENDOR, request)?.into_iter().map(Function::from).collect(),
            function_call: choice(request)?,
            temperature: request.temperature,
            top_p: request.top_p,
            max_tokens: max_tokens.requested,
        })
    }
}

impl<'a> From<&'a domain::gateway::Function> for Function<'a> {
    fn from(function: &'a domain::gateway::Function) -> Self {
        let (name, description) = (&function.name, function.description.as_deref());
        Self { name, description, parameters: translation::parameters(function) }
    }
}

fn choice(request: &ChatRequest) -> Result<Option<Choice<'_>>, ProviderError> {
    let choice = match &request.tool_choice {
        None | Some(ToolChoice::Auto) => Choice::Word("auto"),
        Some(ToolChoice::None) => Choice::Word("none"),
        Some(ToolChoice::Function(name)) => Choice::Function { name },
        Some(ToolChoice::Required) => {
            let message = "GigaChat вызывает по требованию только названную функцию";
            return Err(ProviderError::unsupported("tool_choice", message));
        }
        Some(ToolChoice::Other(_)) => return Err(unsupported(VENDOR, "tool_choice.type")),
    };
    // Without the caller's functions, `auto` would allow the vendor's built-in ones.
    let is_word = matches!(choice, Choice::Word(_));
    Ok(Some(choice).filter(|_| !(request.tools.is_empty() && is_word)))
}

fn messages(request: &ChatRequest) -> Result<Vec<Message<'_>>, ProviderError> {
    let mut system = String::new();
    let mut messages = Vec::with_capacity(request.messages.len());
    for (place, said) in request.messages.iter().enumerate() {
        match said.role {
            Role::System | Role::Developer => {
                let text = translation::text(VENDOR, place, &said.content)?;
                if !system.is_empty() && !text.is_empty() {
                    system.push_str("\n\n");
                }
                system.push_str(&text);
            }
            Role::User => messages.push(plain("user", place, said)?),
            Role::Assistant => messages.push(of_assistant(place, said)?),
            Role::Tool => messages.push(result(place, said, request)?),
            Role::Function => return Err(unsupported(VENDOR, format!("messages.{place}.role"))),
        }
    }
    if !system.is_empty() {
        let system =
            Message { role: "system", content: system, name: None, function_call: None, functions_state_id: None };
        messages.insert(0, system);
    }
    Ok(messages)
}

fn plain<'a>(role: &'static str, place: usize, said: &Said) -> Result<Message<'a>, ProviderError> {
    let content = translation::text(VENDOR, place, &said.content)?;
    Ok(Message { role, content, name: None, function_call: None, functions_state_id: None })
}

fn of_assistant(place: usize, said: &Said) -> Result<Message<'_>, ProviderError> {
    let message = plain("assistant", place, said)?;
    match said.tool_calls.as_slice() {
        [] => Ok(message),
        [call] => {
            let arguments = translation::arguments(VENDOR, place, 0, &call.function.arguments)?;
            Ok(Message {
                function_call: Some(FunctionCall { name: &call.function.name, arguments }),
                functions_state_id: call.id.strip_prefix(STATE_PREFIX),
                ..message
            })
        }
        _ => {
            let message = "GigaChat принимает один вызов функции на сообщение";
            Err(ProviderError::unsupported(format!("messages.{place}.tool_calls"), message))
        }
    }
}

/// The result of a function, named by the latest earlier call with its id.
fn result<'a>(place: usize, said: &'a Said, request: &'a ChatRequest) -> Result<Message<'a>, ProviderError> {
    let message = plain("function", place, said)?;
    let before = request.messages.iter().take(place).rev().flat_map(|message| &message.tool_calls);
    let called = before.into_iter().find(|call| Some(call.id.as_str()) == said.tool_call_id.as_deref());
    let name = called.map(|call| call.function.name.as_str()).or(said.name.as_deref()).ok_or_else(|| {
        let param = format!("messages.{place}.tool_call_id");
        ProviderError::Rejected {
            message: format!("{param} не называет ни одного вызова выше"),
            param: Some(param),
            code: None,
        }
    })?;
    Ok(Message { content: as_json(message.content), name: Some(name), ..message })
}

/// The vendor accepts results in JSON only.
fn as_json(text: String) -> String {
    match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_) => text,
        Err(_) => Value::String(text).to_string(),
    }
}
