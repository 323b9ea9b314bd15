//! Turns of content blocks as the messages of a conversation, validated as the vendor does.

use serde_json::Value;

use super::error::Failure;
use crate::composer::{Message, Role};

pub(super) fn read(system: Option<&Value>, turns: Option<&Value>) -> Result<Vec<Message>, Failure> {
    let turns = turns.ok_or_else(|| Failure::invalid("messages: Field required"))?;
    let turns = turns.as_array().ok_or_else(|| Failure::invalid("messages: Input should be a valid list"))?;
    if turns.is_empty() {
        return Err(Failure::invalid("messages: at least one message is required"));
    }
    let mut messages = Vec::new();
    for block in blocks("system", system.unwrap_or(&Value::Null))? {
        messages.push(Message { role: Role::System, text: text("system", &block)?.to_owned() });
    }
    let mut open: Vec<String> = Vec::new();
    for (place, turn) in turns.iter().enumerate() {
        let role = match turn.get("role").and_then(Value::as_str) {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            other => {
                let other = other.unwrap_or_default();
                return Err(Failure::invalid(&format!(
                    "messages.{place}.role: Input should be 'user' or 'assistant', not '{other}'"
                )));
            }
        };
        let at = format!("messages.{place}.content");
        let content = turn.get("content").ok_or_else(|| Failure::invalid(&format!("{at}: Field required")))?;
        let blocks = blocks(&at, content)?;
        if blocks.is_empty() {
            return Err(Failure::invalid(&format!("messages.{place}: all messages must have non-empty content")));
        }
        open = add(&at, role, &blocks, open, &mut messages)?;
    }
    if open.is_empty() { Ok(messages) } else { Err(unanswered(turns.len(), &open)) }
}

/// Adds a turn, which must have the results of all tool calls of the turn before; returns its own calls.
fn add(
    at: &str,
    role: Role,
    blocks: &[Value],
    mut open: Vec<String>,
    messages: &mut Vec<Message>,
) -> Result<Vec<String>, Failure> {
    let mut calls = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let at = format!("{at}.{index}");
        let id = |name: &str| {
            let id = block.get(name).and_then(Value::as_str);
            id.ok_or_else(|| Failure::invalid(&format!("{at}.{name}: Field required")))
        };
        match (block.get("type").and_then(Value::as_str), role) {
            (Some("text"), role) => messages.push(Message { role, text: text(&at, block)?.to_owned() }),
            (Some("image"), Role::User) => {}
            (Some("tool_use"), Role::Assistant) => {
                if !block.get("input").is_some_and(Value::is_object) {
                    return Err(Failure::invalid(&format!("{at}.tool_use.input: Input should be a valid dictionary")));
                }
                calls.push(id("id")?.to_owned());
                messages.push(Message { role, text: String::new() });
            }
            (Some("tool_result"), Role::User) => {
                let id = id("tool_use_id")?;
                let place = open.iter().position(|called| called == id).ok_or_else(|| {
                    Failure::invalid(&format!(
                        "{at}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding \
                         `tool_use` block in the previous message."
                    ))
                })?;
                open.remove(place);
                let result = self::blocks(&at, block.get("content").unwrap_or(&Value::Null))?;
                let texts = result.iter().filter_map(|block| block.get("text")?.as_str());
                messages.push(Message { role: Role::Tool, text: texts.collect::<Vec<_>>().join("\n") });
            }
            (kind, _) => {
                let kind = kind.unwrap_or_default();
                return Err(Failure::invalid(&format!(
                    "{at}: Input tag '{kind}' found using 'type' is not expected here"
                )));
            }
        }
    }
    if open.is_empty() { Ok(calls) } else { Err(Failure::invalid(&format!("{at}: {}", unanswered_ids(&open)))) }
}

fn unanswered(place: usize, open: &[String]) -> Failure {
    Failure::invalid(&format!("messages.{place}: {}", unanswered_ids(open)))
}

fn unanswered_ids(open: &[String]) -> String {
    format!(
        "`tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding \
         `tool_result` block in the next message.",
        open.join(", ")
    )
}

/// The blocks of a content; a text is one, nothing is none.
fn blocks(at: &str, content: &Value) -> Result<Vec<Value>, Failure> {
    match content {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![serde_json::json!({ "type": "text", "text": text })]),
        Value::Array(blocks) => Ok(blocks.clone()),
        _ => Err(Failure::invalid(&format!("{at}: Input should be a valid string or list"))),
    }
}

fn text<'a>(at: &str, block: &'a Value) -> Result<&'a str, Failure> {
    let text = block.get("text").and_then(Value::as_str);
    let text = text.ok_or_else(|| Failure::invalid(&format!("{at}.text.text: Field required")))?;
    if text.is_empty() {
        return Err(Failure::invalid(&format!("{at}: text content blocks must be non-empty")));
    }
    Ok(text)
}
