//! Requests in YandexGPT's protocol.

use domain::gateway::{Call, Message as Said, ProviderError, Role};
use serde::Serialize;

use super::VENDOR;
use crate::chat::translation::{self, unsupported};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    model_uri: String,
    completion_options: Options,
    messages: Vec<Message>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    /// A 64-bit number, sent as a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<String>,
}

#[derive(Debug, Serialize)]
struct Message {
    role: &'static str,
    text: String,
}

impl Request {
    /// Translates a call.
    pub(super) fn of(call: Call<'_>, folder: &str, stream: bool) -> Result<Self, ProviderError> {
        let Call { request, model, max_tokens } = call;
        translation::check(VENDOR, request, &["temperature"])?;
        if request.temperature.is_some_and(|temperature| temperature > 1.0) {
            return Err(ProviderError::unsupported("temperature", "YandexGPT принимает temperature от 0 до 1"));
        }
        let messages = request.messages.iter().enumerate().map(|(place, said)| message(place, said));
        Ok(Self {
            model_uri: format!("gpt://{folder}/{model}"),
            completion_options: Options {
                stream,
                temperature: request.temperature,
                max_tokens: max_tokens.requested.map(|most| most.to_string()),
            },
            messages: messages.collect::<Result<_, _>>()?,
        })
    }
}

fn message(place: usize, message: &Said) -> Result<Message, ProviderError> {
    if !message.tool_calls.is_empty() {
        return Err(unsupported(VENDOR, format!("messages.{place}.tool_calls")));
    }
    let role = match message.role {
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool | Role::Function => return Err(unsupported(VENDOR, format!("messages.{place}.role"))),
    };
    Ok(Message { role, text: translation::text(VENDOR, place, &message.content)? })
}
