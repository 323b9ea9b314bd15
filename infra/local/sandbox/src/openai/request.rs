//! The request body of a chat completion, validated as the vendor does.

use serde_json::{Map, Value};

use super::error::Failure;
use super::models::OWN;
use super::tools;
use crate::composer::{Conversation, Format, Message, Role};
use crate::model::{Behaviour, Order};

/// The context window, in tokens.
const CONTEXT: u32 = 128_000;
const MAX_CHOICES: u64 = 8;
const MAX_LIKELY: i64 = 20;

/// A valid request.
#[derive(Debug)]
pub(super) struct ChatRequest {
    pub(super) order: Order,
    pub(super) stream: bool,
    /// `stream_options.include_usage`: a last chunk with the token counts.
    pub(super) include_usage: bool,
    /// `stream_options.include_obfuscation`: chunks padded to a random length; on unless switched off.
    pub(super) obfuscate: bool,
    /// `n`: number of answers.
    pub(super) choices: u32,
    /// `logprobs`: whether probabilities are wanted, and whether those of other likely tokens are.
    pub(super) probabilities: Option<bool>,
    pub(super) prompt_tokens: u32,
}

impl ChatRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let value: Value = serde_json::from_slice(body).map_err(|_| Failure::malformed_json())?;
        let Value::Object(fields) = value else { return Err(Failure::malformed_json()) };
        let model = match fields.get("model") {
            None | Some(Value::Null) => return Err(Failure::no_model()),
            Some(Value::String(model)) if model.is_empty() => return Err(Failure::no_model()),
            Some(Value::String(model)) => model,
            Some(_) => return Err(Failure::wrong_type("model", "a string")),
        };
        let messages = messages(fields.get("messages"))?;
        let behaviour = Behaviour::of(model, &OWN).ok_or_else(|| Failure::unknown_model(model))?;
        check_range(&fields, "temperature", 0.0..=2.0)?;
        check_range(&fields, "top_p", 0.0..=1.0)?;
        let stream = flag(&fields, "stream", "stream")?.unwrap_or(false);
        let (include_usage, obfuscate) = stream_options(fields.get("stream_options"), stream)?;
        let functions = tools::functions(fields.get("tools"))?;
        let choice = tools::choice(fields.get("tool_choice"), &functions)?;
        let several = flag(&fields, "parallel_tool_calls", "parallel_tool_calls")?.unwrap_or(true);
        let format = format(fields.get("response_format"))?;
        let conversation = Conversation { messages, format, functions, choice, several };
        let order = Order { behaviour, conversation, stop: stop(fields.get("stop"))?, limit: limit(&fields)? };
        let prompt_tokens = order.prompt_tokens();
        if prompt_tokens > CONTEXT {
            return Err(Failure::context_too_long(CONTEXT, prompt_tokens));
        }
        Ok(Self {
            order,
            stream,
            include_usage,
            obfuscate,
            choices: whole(&fields, "n", MAX_CHOICES)?.unwrap_or(1),
            probabilities: probabilities(&fields)?,
            prompt_tokens,
        })
    }
}

fn messages(value: Option<&Value>) -> Result<Vec<Message>, Failure> {
    let list = match value {
        None | Some(Value::Null) => return Err(Failure::missing("messages")),
        Some(Value::Array(list)) if list.is_empty() => return Err(Failure::empty_messages()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Failure::wrong_type("messages", "an array of objects")),
    };
    tools::check_order(list)?;
    list.iter().enumerate().map(|(index, item)| message(index, item)).collect()
}

fn message(index: usize, item: &Value) -> Result<Message, Failure> {
    let at = |field: &str| format!("messages[{index}].{field}");
    let role = match item.get("role").and_then(Value::as_str) {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("tool" | "function") => Role::Tool,
        Some(other) => return Err(Failure::wrong_value(&at("role"), &format!("'{other}' is not a role"))),
        None => return Err(Failure::missing(&at("role"))),
    };
    let text = match item.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n")
        }
        None | Some(Value::Null) if role == Role::Assistant => String::new(),
        None | Some(Value::Null) => return Err(Failure::missing(&at("content"))),
        Some(_) => return Err(Failure::wrong_type(&at("content"), "a string or an array of content parts")),
    };
    Ok(Message { role, text })
}

fn flag(fields: &Map<String, Value>, field: &str, path: &str) -> Result<Option<bool>, Failure> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(Failure::wrong_type(path, "a boolean")),
    }
}

pub(super) fn whole(fields: &Map<String, Value>, field: &str, max: u64) -> Result<Option<u32>, Failure> {
    let value = match fields.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value.as_i64().ok_or_else(|| Failure::wrong_type(field, "an integer"))?,
    };
    match u32::try_from(value) {
        Ok(number) if number >= 1 && u64::from(number) <= max => Ok(Some(number)),
        _ => Err(Failure::wrong_value(field, &format!("{value} is not between 1 and {max}"))),
    }
}

fn check_range(fields: &Map<String, Value>, field: &str, range: std::ops::RangeInclusive<f64>) -> Result<(), Failure> {
    let value = match fields.get(field) {
        None | Some(Value::Null) => return Ok(()),
        Some(value) => value.as_f64().ok_or_else(|| Failure::wrong_type(field, "a number"))?,
    };
    if range.contains(&value) {
        return Ok(());
    }
    Err(Failure::wrong_value(field, &format!("{value} is not between {} and {}", range.start(), range.end())))
}

/// `logprobs`: whether probabilities are wanted, and whether those of other likely tokens are.
fn probabilities(fields: &Map<String, Value>) -> Result<Option<bool>, Failure> {
    let wanted = flag(fields, "logprobs", "logprobs")?.unwrap_or(false);
    let likely = match fields.get("top_logprobs") {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_i64().ok_or_else(|| Failure::wrong_type("top_logprobs", "an integer"))?),
    };
    match likely {
        Some(_) if !wanted => {
            Err(Failure::wrong_value("top_logprobs", "it is only allowed when 'logprobs' is enabled"))
        }
        Some(count) if !(0..=MAX_LIKELY).contains(&count) => {
            Err(Failure::wrong_value("top_logprobs", &format!("{count} is not between 0 and {MAX_LIKELY}")))
        }
        _ => Ok(wanted.then_some(likely.is_some_and(|count| count > 0))),
    }
}

/// `(include_usage, include_obfuscation)`.
fn stream_options(value: Option<&Value>, stream: bool) -> Result<(bool, bool), Failure> {
    let options = match value {
        None | Some(Value::Null) => return Ok((false, true)),
        Some(Value::Object(options)) => options,
        Some(_) => return Err(Failure::wrong_type("stream_options", "an object")),
    };
    if !stream {
        return Err(Failure::wrong_value("stream_options", "it is only allowed when 'stream' is enabled"));
    }
    let usage = flag(options, "include_usage", "stream_options.include_usage")?.unwrap_or(false);
    let obfuscate = flag(options, "include_obfuscation", "stream_options.include_obfuscation")?.unwrap_or(true);
    Ok((usage, obfuscate))
}

fn limit(fields: &Map<String, Value>) -> Result<Option<u32>, Failure> {
    let old = whole(fields, "max_tokens", u64::from(u32::MAX))?;
    let new = whole(fields, "max_completion_tokens", u64::from(u32::MAX))?;
    if old.is_some() && new.is_some() {
        return Err(Failure::wrong_value(
            "max_tokens",
            "setting it and 'max_completion_tokens' at the same time is not supported",
        ));
    }
    Ok(new.or(old))
}

fn stop(value: Option<&Value>) -> Result<Vec<String>, Failure> {
    let wrong = || Failure::wrong_type("stop", "a string or an array of up to 4 strings");
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(list)) if list.len() <= 4 => {
            list.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

fn format(value: Option<&Value>) -> Result<Format, Failure> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(Format::Text) };
    match value.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::Json(None)),
        Some("json_schema") => match value.pointer("/json_schema/schema") {
            Some(schema) => Ok(Format::Json(Some(schema.clone()))),
            None => Err(Failure::missing("response_format.json_schema.schema")),
        },
        _ => Err(Failure::wrong_value("response_format.type", "it is none of 'text', 'json_object', 'json_schema'")),
    }
}
