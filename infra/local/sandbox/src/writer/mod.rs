//! Writes the answer to a prompt. Knows nothing of any vendor's protocol.

mod chat;
mod functions;
mod json;
mod prompt;
mod seed;

pub(crate) use functions::{Choice, Function, FunctionCall};
pub(crate) use prompt::Prompt;
pub(crate) use seed::Seed;

use crate::tools;

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    System,
    User,
    Assistant,
    Tool,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) role: Role,
    pub(crate) text: String,
}

/// The form that an answer must have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Format {
    Text,
    /// One JSON value, that fits the schema if there is one.
    Json(Option<serde_json::Value>),
}

/// What there is to answer.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) messages: Vec<Message>,
    pub(crate) format: Format,
    pub(crate) functions: Vec<Function>,
    pub(crate) choice: Choice,
    /// Whether more than one function may be called at once.
    pub(crate) several: bool,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// Never empty.
    Text(String),
    /// Functions to be called first; at least one.
    Calls(Vec<FunctionCall>),
}

/// The calls that a conversation asks for, else its answer; `variant` tells several answers to one prompt apart.
pub(crate) fn respond(conversation: &Conversation, variant: u32) -> Said {
    let Conversation { messages, format, .. } = conversation;
    let calls = functions::calls(conversation, &Prompt::read(messages), variant);
    if calls.is_empty() { Said::Text(answer(messages, format, variant)) } else { Said::Calls(calls) }
}

/// The answer to a conversation, never empty; `variant` tells several answers to one prompt apart.
pub(crate) fn answer(messages: &[Message], format: &Format, variant: u32) -> String {
    let prompt = Prompt::read(messages);
    let by_tool = prompt.tool.as_deref().and_then(|tool| tools::run(tool, &prompt, variant));
    let text = by_tool.filter(|text| !text.trim().is_empty()).unwrap_or_else(|| chat::reply(&prompt, variant));
    match format {
        Format::Text => text,
        Format::Json(schema) => json::answer(schema.as_ref(), &prompt, &text, variant),
    }
}
