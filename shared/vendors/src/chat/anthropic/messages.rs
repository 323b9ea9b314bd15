//! Conversations as turns of content blocks.

use domain::gateway::{ChatRequest, Content, Message, Part, ProviderError, Role};
use serde::Serialize;
use serde_json::value::RawValue;

use super::VENDOR;
use crate::chat::translation::{self, unsupported};

/// Consecutive content of one role.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

/// A content block.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: ImageSource<'a>,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
    },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ImageSource<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
}

#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
}

impl<'a> Conversation<'a> {
    pub(super) fn of(request: &'a ChatRequest) -> Result<Self, ProviderError> {
        let mut conversation = Self::default();
        for (place, message) in request.messages.iter().enumerate() {
            conversation.add(place, message)?;
        }
        Ok(conversation)
    }

    fn add(&mut self, place: usize, message: &'a Message) -> Result<(), ProviderError> {
        match message.role {
            Role::System | Role::Developer => self.system.extend(texts(place, &message.content)?),
            Role::User => self.say("user", blocks(place, &message.content)?),
            Role::Assistant => {
                let mut said = texts(place, &message.content)?;
                for (call, tool_call) in message.tool_calls.iter().enumerate() {
                    let function = &tool_call.function;
                    let input = translation::arguments(VENDOR, place, call, &function.arguments)?;
                    said.push(Block::ToolUse { id: &tool_call.id, name: &function.name, input });
                }
                self.say("assistant", said);
            }
            Role::Tool => {
                let id = message.tool_call_id.as_deref();
                let tool_use_id = id.ok_or_else(|| missing_id(place))?;
                self.say("user", vec![Block::ToolResult { tool_use_id, content: blocks(place, &message.content)? }]);
            }
            Role::Function => return Err(unsupported(VENDOR, format!("messages.{place}.role"))),
        }
        Ok(())
    }

    /// Extends the last turn if it has the same role, or starts one. The vendor rejects empty turns.
    fn say(&mut self, role: &'static str, blocks: Vec<Block<'a>>) {
        match self.turns.last_mut() {
            Some(turn) if turn.role == role => turn.content.extend(blocks),
            _ if blocks.is_empty() => {}
            _ => self.turns.push(Turn { role, content: blocks }),
        }
    }
}

fn missing_id(place: usize) -> ProviderError {
    let param = format!("messages.{place}.tool_call_id");
    ProviderError::Rejected { message: format!("Заполните поле {param}"), param: Some(param), code: None }
}

/// The blocks of a user's message or a tool's result, which may have images.
fn blocks(place: usize, content: &Content) -> Result<Vec<Block<'_>>, ProviderError> {
    let Content::Parts(parts) = content else { return texts(place, content) };
    let blocks = parts.iter().enumerate().map(|(at, part)| block(place, at, part));
    Ok(without_empty(blocks.collect::<Result<_, _>>()?))
}

fn block(place: usize, at: usize, part: &Part) -> Result<Block<'_>, ProviderError> {
    match part {
        Part::ImageUrl { image_url } => image(place, at, &image_url.url),
        part => translation::part_text(VENDOR, place, at, part).map(|text| Block::Text { text }),
    }
}

/// The blocks of a text-only message.
fn texts(place: usize, content: &Content) -> Result<Vec<Block<'_>>, ProviderError> {
    let blocks = match content {
        Content::Nothing => Vec::new(),
        Content::Text(text) => vec![Block::Text { text }],
        Content::Parts(parts) => {
            let text = |(at, part)| translation::part_text(VENDOR, place, at, part).map(|text| Block::Text { text });
            parts.iter().enumerate().map(text).collect::<Result<_, _>>()?
        }
    };
    Ok(without_empty(blocks))
}

/// The vendor rejects empty texts.
fn without_empty(mut blocks: Vec<Block<'_>>) -> Vec<Block<'_>> {
    blocks.retain(|block| !matches!(block, Block::Text { text: "" }));
    blocks
}

fn image(place: usize, at: usize, url: &str) -> Result<Block<'_>, ProviderError> {
    let source = if let Some(data) = url.strip_prefix("data:") {
        data.split_once(";base64,").map(|(kind, data)| ImageSource::Base64 {
            // Parameters after the type, such as a name, are not sent.
            media_type: kind.split(';').next().unwrap_or(kind),
            data,
        })
    } else {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        is_web.then_some(ImageSource::Url { url })
    };
    let source = source.ok_or_else(|| unsupported(VENDOR, format!("messages.{place}.content.{at}.image_url.url")))?;
    Ok(Block::Image { source })
}
