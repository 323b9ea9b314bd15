//! Composes answers. The sandbox imitates protocols, never quality: an answer has the form that the request asks for, quotes the request, and says
//! that there is no language model behind it. The same request always gets the same answer. Knows no vendor's protocol.

mod functions;
mod json;
mod prompt;
mod text;

pub(crate) use functions::{Choice, Function, FunctionCall};

use prompt::Prompt;

/// The author of a message.
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
    /// One JSON value, valid against the schema if there is one.
    Json(Option<serde_json::Value>),
}

/// A conversation to answer.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) messages: Vec<Message>,
    pub(crate) format: Format,
    pub(crate) functions: Vec<Function>,
    pub(crate) choice: Choice,
    /// Whether one answer may call several functions.
    pub(crate) several: bool,
}

/// The content of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// Never empty.
    Text(String),
    /// At least one.
    Calls(Vec<FunctionCall>),
}

/// The calls that a conversation asks for, else its answer. Texts of tools stay below `limit` tokens.
pub(crate) fn compose(conversation: &Conversation, limit: Option<u32>) -> Content {
    let prompt = Prompt::read(&conversation.messages);
    let calls = functions::calls(conversation, &prompt.question);
    if !calls.is_empty() {
        return Content::Calls(calls);
    }
    Content::Text(match &conversation.format {
        Format::Text => text::compose(&prompt, limit),
        Format::Json(None) => serde_json::json!({ "text": text::compose(&prompt, limit), "sandbox": true }).to_string(),
        Format::Json(Some(schema)) => json::instance(schema, &functions::words(&prompt.question)).to_string(),
    })
}
