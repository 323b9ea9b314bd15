//! Translation of requests: fields without a counterpart, and the parts of a conversation that every vendor has.

use std::borrow::Cow;

use domain::gateway::{
    ChatRequest, Content, Fields, Function, Part, ProviderError, ResponseFormat, Role, Tool, ToolChoice,
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Fields that the gateway sets.
const DECIDED: [&str; 6] = ["model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens"];

/// Fields that are not translated: see the table of [`chat`](super).
const LEFT_OUT: [&str; 6] =
    ["store", "metadata", "prompt_cache_key", "prompt_cache_retention", "prediction", "safety_identifier"];

/// Fields of a message. The typed view has those up to `function_call`; the rest is not translated.
const OF_MESSAGES: [&str; 9] = [
    "role",
    "content",
    "name",
    "tool_calls",
    "tool_call_id",
    "function_call",
    "reasoning_content",
    "reasoning",
    "annotations",
];
const OF_PARTS: [&str; 6] = ["type", "text", "image_url", "refusal", "input_audio", "file"];
const OF_CALLS: [&str; 4] = ["type", "id", "index", "function"];
const OF_TOOLS: [&str; 2] = ["type", "function"];
const OF_FUNCTIONS: [&str; 4] = ["name", "description", "parameters", "strict"];

/// Most characters of a field's name in an error.
const MAX_PARAM: usize = 100;

/// The error for a field without a counterpart.
pub(super) fn unsupported(vendor: &str, param: impl Into<String>) -> ProviderError {
    // Names of unknown fields are the caller's, of any length.
    let param: String = param.into().chars().take(MAX_PARAM).collect();
    let message = format!("{vendor} не поддерживает {param}");
    ProviderError::unsupported(param, message)
}

/// Refuses the first field that is neither in `translated`, nor left out, nor at its default, at the top level and
/// within messages and tools. Without this, fields outside the typed view would be lost silently.
pub(super) fn check(vendor: &str, request: &ChatRequest, translated: &[&str]) -> Result<(), ProviderError> {
    for (name, value) in request.fields.iter() {
        let known = DECIDED.contains(&name) || LEFT_OUT.contains(&name) || translated.contains(&name);
        if !known && !is_default(name, value, request) {
            return Err(unsupported(vendor, name));
        }
    }
    check_messages(vendor, request)?;
    check_tools(vendor, request)
}

fn is_default(name: &str, value: &RawValue, request: &ChatRequest) -> bool {
    let is_zero = |number: Option<f64>| number.is_none_or(|number| number.abs() < f64::EPSILON);
    match name {
        "n" => request.n == 1,
        "logprobs" => !request.logprobs,
        "top_logprobs" => request.top_logprobs.is_none_or(|count| count == 0),
        "presence_penalty" => is_zero(request.presence_penalty),
        "frequency_penalty" => is_zero(request.frequency_penalty),
        "response_format" => request.response_format.as_ref().is_none_or(|format| *format == ResponseFormat::Text),
        "stop" => request.stop.is_empty(),
        // The latter has no effect without tools.
        "tools" | "parallel_tool_calls" => request.tools.is_empty(),
        "tool_choice" => matches!(request.tool_choice, None | Some(ToolChoice::None | ToolChoice::Auto)),
        "modalities" => parsed::<Vec<String>>(value).is_some_and(|all| all.iter().all(|one| one == "text")),
        "service_tier" => parsed::<String>(value).is_some_and(|tier| tier == "auto" || tier == "default"),
        "verbosity" => parsed::<String>(value).is_some_and(|verbosity| verbosity == "medium"),
        "user" => true,
        _ => is_empty(value),
    }
}

fn check_messages(vendor: &str, request: &ChatRequest) -> Result<(), ProviderError> {
    for (place, message) in request.messages.iter().enumerate() {
        // Deprecated form of tools.
        if message.role == Role::Function {
            return Err(unsupported(vendor, format!("messages.{place}.role")));
        }
        if message.function_call.is_some() {
            return Err(unsupported(vendor, format!("messages.{place}.function_call")));
        }
    }
    for (place, message) in objects(request.fields.get("messages")) {
        let at = format!("messages.{place}");
        only(vendor, &at, &message, &OF_MESSAGES)?;
        for (place, part) in objects(message.get("content")) {
            only(vendor, &format!("{at}.content.{place}"), &part, &OF_PARTS)?;
        }
        for (place, call) in objects(message.get("tool_calls")) {
            only(vendor, &format!("{at}.tool_calls.{place}"), &call, &OF_CALLS)?;
        }
    }
    Ok(())
}

fn check_tools(vendor: &str, request: &ChatRequest) -> Result<(), ProviderError> {
    for (place, tool) in objects(request.fields.get("tools")) {
        let at = format!("tools.{place}");
        if matches!(request.tools.get(place), Some(Tool::Other(_))) {
            return Err(unsupported(vendor, format!("{at}.type")));
        }
        only(vendor, &at, &tool, &OF_TOOLS)?;
        if let Some(function) = tool.get("function").and_then(parsed::<Fields>) {
            only(vendor, &format!("{at}.function"), &function, &OF_FUNCTIONS)?;
        }
    }
    Ok(())
}

/// The objects of a list with their indices; none if it is no such list.
fn objects(list: Option<&RawValue>) -> impl Iterator<Item = (usize, Fields)> {
    let list = list.filter(|list| list.get().starts_with('['));
    list.and_then(parsed::<Vec<Fields>>).unwrap_or_default().into_iter().enumerate()
}

fn only(vendor: &str, at: &str, object: &Fields, known: &[&str]) -> Result<(), ProviderError> {
    match object.iter().find(|(name, value)| !known.contains(name) && !is_empty(value)) {
        Some((name, _)) => Err(unsupported(vendor, format!("{at}.{name}"))),
        None => Ok(()),
    }
}

fn is_empty(value: &RawValue) -> bool {
    matches!(value.get(), "null" | "[]" | "{}")
}

fn parsed<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

/// The functions that the model may call. `strict` is refused: these vendors do not guarantee the schema.
pub(super) fn functions<'a>(vendor: &str, request: &'a ChatRequest) -> Result<Vec<&'a Function>, ProviderError> {
    let function = |(place, tool): (usize, &'a Tool)| match tool {
        Tool::Function(function) if function.strict == Some(true) => {
            Err(unsupported(vendor, format!("tools.{place}.function.strict")))
        }
        Tool::Function(function) => Ok(function),
        Tool::Other(_) => Err(unsupported(vendor, format!("tools.{place}.type"))),
    };
    request.tools.iter().enumerate().map(function).collect()
}

/// JSON Schema of a function's arguments. Default: no arguments.
pub(super) fn parameters(function: &Function) -> Cow<'_, Value> {
    match &function.parameters {
        Some(schema) if !schema.is_null() => Cow::Borrowed(schema),
        _ => Cow::Owned(json!({ "type": "object", "properties": {} })),
    }
}

/// The text of a message that must be text only. A refusal is text.
pub(super) fn text(vendor: &str, place: usize, content: &Content) -> Result<String, ProviderError> {
    match content {
        Content::Nothing => Ok(String::new()),
        Content::Text(text) => Ok(text.clone()),
        Content::Parts(parts) => {
            parts.iter().enumerate().map(|(at, part)| part_text(vendor, place, at, part)).collect()
        }
    }
}

/// The text of a part that must be text.
pub(super) fn part_text<'a>(vendor: &str, place: usize, at: usize, part: &'a Part) -> Result<&'a str, ProviderError> {
    let kind = match part {
        Part::Text { text } | Part::Refusal { refusal: text } => return Ok(text),
        Part::ImageUrl { .. } => "image_url",
        Part::InputAudio { .. } => "input_audio",
        Part::File { .. } => "file",
    };
    Err(unsupported(vendor, format!("messages.{place}.content.{at}.{kind}")))
}

/// The arguments of a call as a JSON object. Models that call a function without arguments may leave out even the
/// braces.
pub(super) fn arguments<'a>(
    vendor: &str,
    place: usize,
    call: usize,
    arguments: &'a str,
) -> Result<&'a RawValue, ProviderError> {
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    let object: Option<&RawValue> = serde_json::from_str(text).ok();
    object.filter(|object| object.get().starts_with('{')).ok_or_else(|| {
        let param = format!("messages.{place}.tool_calls.{call}.function.arguments");
        let message = format!("{vendor} принимает в {param} только объект JSON");
        ProviderError::unsupported(param, message)
    })
}
