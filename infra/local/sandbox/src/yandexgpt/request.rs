//! The request body of a completion, validated as the vendor does.

use serde_json::{Map, Value};

use super::YANDEX_FOLDER;
use super::error::Failure;
use crate::composer::{Choice, Conversation, Format, Message, Role};
use crate::model::{Behaviour, Order};

/// YandexGPT's real model names.
const OWN: [&str; 4] = ["yandexgpt/latest", "yandexgpt/rc", "yandexgpt-lite/latest", "yandexgpt-lite/rc"];

/// A valid request.
#[derive(Debug)]
pub(super) struct CompletionRequest {
    pub(super) order: Order,
    pub(super) stream: bool,
    pub(super) prompt_tokens: u32,
}

impl CompletionRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Failure::invalid("Invalid JSON"))?;
        let model = model(&fields, "gpt")?;
        let behaviour = Behaviour::of(model, &OWN)
            .ok_or_else(|| Failure::invalid(&format!("invalid model_uri: unknown model '{model}'")))?;
        let options = fields.get("completionOptions").unwrap_or(&Value::Null);
        if options.get("temperature").is_some_and(|it| !it.as_f64().is_some_and(|it| (0.0..=1.0).contains(&it))) {
            return Err(Failure::invalid("temperature must be in the interval [0, 1]"));
        }
        let limit = match options.get("maxTokens") {
            None => None,
            // A 64-bit number is a string in JSON; the vendor accepts a number too.
            Some(value) => {
                let most = value.as_str().map_or_else(|| value.as_u64(), |text| text.parse().ok());
                let most = most.filter(|most| *most > 0).and_then(|most| u32::try_from(most).ok());
                Some(most.ok_or_else(|| Failure::invalid("max_tokens must be positive"))?)
            }
        };
        let messages = messages(fields.get("messages"))?;
        let conversation = Conversation {
            messages,
            format: Format::Text,
            functions: Vec::new(),
            choice: Choice::None,
            several: false,
        };
        let order = Order { behaviour, conversation, stop: Vec::new(), limit };
        let stream = options.get("stream").and_then(Value::as_bool).unwrap_or(false);
        Ok(Self { prompt_tokens: order.prompt_tokens(), order, stream })
    }
}

/// The model of `<scheme>://<folder>/<model>`.
pub(super) fn model<'a>(fields: &'a Map<String, Value>, scheme: &str) -> Result<&'a str, Failure> {
    let uri = fields.get("modelUri").and_then(Value::as_str).unwrap_or_default();
    let rest = uri.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://"));
    let parts = rest.and_then(|rest| rest.split_once('/'));
    let (folder, model) = parts.ok_or_else(|| Failure::invalid(&format!("Failed to parse model URI: {uri}")))?;
    if folder != YANDEX_FOLDER {
        let message =
            format!("Specified folder ID '{folder}' does not match with service account folder ID '{YANDEX_FOLDER}'");
        return Err(Failure::invalid(&message));
    }
    Ok(model)
}

fn messages(value: Option<&Value>) -> Result<Vec<Message>, Failure> {
    let list = value.and_then(Value::as_array).filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| Failure::invalid("empty message list"))?;
    let message = |item: &Value| {
        let role = match item.get("role").and_then(Value::as_str) {
            Some("system") => Role::System,
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            _ => return Err(Failure::invalid("unknown role of a message")),
        };
        let text = item.get("text").and_then(Value::as_str).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Failure::invalid("empty message text"))?;
        Ok(Message { role, text: text.to_owned() })
    };
    list.iter().map(message).collect()
}
