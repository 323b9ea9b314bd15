//! The request body of a chat, validated as the vendor does. Fields that the vendor ignores are not read.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::error::Failure;
use crate::composer::{Choice, Conversation, Format, Function, Message, Role};
use crate::model::{Behaviour, Order};

/// GigaChat's real model names.
const OWN: [&str; 3] = ["GigaChat-2", "GigaChat-2-Pro", "GigaChat-2-Max"];

/// A valid request.
#[derive(Debug)]
pub(super) struct ChatRequest {
    pub(super) order: Order,
    pub(super) stream: bool,
    pub(super) prompt_tokens: u32,
}

impl ChatRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Failure::new(400, "Bad request"))?;
        let model = fields.get("model").and_then(Value::as_str).ok_or_else(|| Failure::invalid("model is required"))?;
        let behaviour = Behaviour::of(model, &OWN).ok_or_else(Failure::unknown_model)?;
        for (name, range) in [("temperature", 0.0..=2.0), ("top_p", 0.0..=1.0)] {
            let Some(value) = fields.get(name) else { continue };
            if !value.as_f64().is_some_and(|value| range.contains(&value)) {
                return Err(Failure::invalid(&format!("{name} must be between {} and {}", range.start(), range.end())));
            }
        }
        let limit = match fields.get("max_tokens") {
            None => None,
            Some(value) => {
                let most = value.as_u64().filter(|most| *most > 0).and_then(|most| u32::try_from(most).ok());
                Some(most.ok_or_else(|| Failure::invalid("max_tokens must be a positive integer"))?)
            }
        };
        let functions = functions(fields.get("functions"))?;
        let choice = choice(fields.get("function_call"), &functions)?;
        let messages = messages(fields.get("messages"))?;
        let conversation = Conversation { messages, format: Format::Text, functions, choice, several: false };
        let order = Order { behaviour, conversation, stop: Vec::new(), limit };
        let stream = fields.get("stream").and_then(Value::as_bool).unwrap_or(false);
        Ok(Self { prompt_tokens: order.prompt_tokens(), order, stream })
    }
}

fn messages(value: Option<&Value>) -> Result<Vec<Message>, Failure> {
    let list = value.and_then(Value::as_array).filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| Failure::invalid("messages must not be empty"))?;
    let message = |(place, item): (usize, &Value)| {
        let role = match item.get("role").and_then(Value::as_str) {
            Some("system") if place == 0 => Role::System,
            Some("system") => return Err(Failure::invalid("system message must be the first message")),
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some("function") => Role::Tool,
            _ => return Err(Failure::invalid(&format!("messages[{place}].role"))),
        };
        let text = item.get("content").and_then(Value::as_str).unwrap_or_default();
        if role == Role::Tool {
            if item.get("name").and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(Failure::invalid(&format!("messages[{place}].name of the function is required")));
            }
            if serde_json::from_str::<IgnoredAny>(text).is_err() {
                return Err(Failure::invalid(&format!("messages[{place}].content of a function must be JSON")));
            }
        }
        let arguments = item.pointer("/function_call/arguments");
        if arguments.is_some_and(|arguments| !arguments.is_object()) {
            return Err(Failure::invalid(&format!("messages[{place}].function_call.arguments must be an object")));
        }
        Ok(Message { role, text: text.to_owned() })
    };
    list.iter().enumerate().map(message).collect()
}

fn functions(value: Option<&Value>) -> Result<Vec<Function>, Failure> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let function = |(place, item): (usize, &Value)| {
        let missing = |field: &str| Failure::invalid(&format!("functions[{place}].{field} is required"));
        Ok(Function {
            name: item.get("name").and_then(Value::as_str).ok_or_else(|| missing("name"))?.to_owned(),
            description: item.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
            parameters: item
                .get("parameters")
                .filter(|it| it.is_object())
                .ok_or_else(|| missing("parameters"))?
                .clone(),
        })
    };
    list.iter().enumerate().map(function).collect()
}

/// By default, the vendor calls nothing.
fn choice(value: Option<&Value>, functions: &[Function]) -> Result<Choice, Failure> {
    let Some(value) = value else { return Ok(Choice::None) };
    let name = value.get("name").and_then(Value::as_str);
    match (value.as_str(), name) {
        (Some("none"), _) => Ok(Choice::None),
        (Some("auto"), _) => Ok(Choice::Auto),
        (_, Some(name)) if functions.iter().any(|function| function.name == name) => Ok(Choice::Named(name.to_owned())),
        _ => Err(Failure::invalid("function_call must be \"none\", \"auto\" or the name of a function")),
    }
}
