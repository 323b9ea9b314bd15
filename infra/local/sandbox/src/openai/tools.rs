//! Tools in a request: definitions, choice, and whether calls and results match.

use serde_json::{Value, json};

use super::error::Failure;
use crate::composer::{Choice, Function};

pub(super) fn functions(value: Option<&Value>) -> Result<Vec<Function>, Failure> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().enumerate().map(|(index, item)| function(index, item)).collect(),
        Some(_) => Err(Failure::wrong_type("tools", "an array of objects")),
    }
}

fn function(index: usize, item: &Value) -> Result<Function, Failure> {
    let at = |field: &str| format!("tools[{index}].{field}");
    match item.get("type").and_then(Value::as_str) {
        Some("function") => {}
        Some(_) => return Err(Failure::wrong_value(&at("type"), "the sandbox knows 'function'")),
        None => return Err(Failure::missing(&at("type"))),
    }
    let name =
        item.pointer("/function/name").and_then(Value::as_str).ok_or_else(|| Failure::missing(&at("function.name")))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
        return Err(Failure::wrong_value(&at("function.name"), "it does not match '^[a-zA-Z0-9_-]{1,64}$'"));
    }
    let description = item.pointer("/function/description").and_then(Value::as_str).unwrap_or_default();
    let parameters = match item.pointer("/function/parameters") {
        None | Some(Value::Null) => json!({ "type": "object", "properties": {} }),
        Some(schema @ Value::Object(_)) => schema.clone(),
        Some(_) => return Err(Failure::wrong_type(&at("function.parameters"), "an object")),
    };
    Ok(Function { name: name.to_owned(), description: description.to_owned(), parameters })
}

pub(super) fn choice(value: Option<&Value>, functions: &[Function]) -> Result<Choice, Failure> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(Choice::Auto) };
    let choice = match (value.as_str(), value.get("type").and_then(Value::as_str)) {
        (Some("none"), _) => return Ok(Choice::None),
        (Some("auto"), _) => Choice::Auto,
        (Some("required"), _) => Choice::Required,
        (_, Some("function")) => {
            let name = value.pointer("/function/name").and_then(Value::as_str);
            Choice::Named(name.ok_or_else(|| Failure::missing("tool_choice.function.name"))?.to_owned())
        }
        _ => {
            return Err(Failure::wrong_value(
                "tool_choice",
                "the sandbox knows 'none', 'auto', 'required' and a function",
            ));
        }
    };
    match &choice {
        _ if functions.is_empty() => {
            Err(Failure::wrong_value("tool_choice", "it is only allowed when 'tools' are specified"))
        }
        Choice::Named(name) if functions.iter().all(|function| function.name != *name) => {
            Err(Failure::wrong_value("tool_choice", &format!("'{name}' is not among 'tools'")))
        }
        _ => Ok(choice),
    }
}

/// Each result belongs to a call of the assistant message before it, and each call has its result before the next message.
pub(super) fn check_order(messages: &[Value]) -> Result<(), Failure> {
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        if message.get("role").and_then(Value::as_str) == Some("tool") {
            let id = message.get("tool_call_id").and_then(Value::as_str);
            let id = id.ok_or_else(|| Failure::missing(&format!("messages[{index}].tool_call_id")))?;
            let place = open.iter().position(|called| *called == id).ok_or_else(|| Failure::unasked_result(index))?;
            open.remove(place);
            continue;
        }
        if !open.is_empty() {
            return Err(Failure::unanswered_calls(index, &open.join(", ")));
        }
        let calls = message.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
        open.extend(calls.filter_map(|call| call.get("id")?.as_str()));
    }
    if open.is_empty() { Ok(()) } else { Err(Failure::unanswered_calls(messages.len(), &open.join(", "))) }
}
