//! The request body, validated as the vendor does.

use serde_json::{Map, Value};

use super::conversation;
use super::error::Failure;
use crate::composer::{Choice, Conversation, Format, Function};
use crate::model::{Behaviour, Order};

/// Anthropic's real model names.
const OWN: [&str; 3] = ["claude-3-sonnet-20240229", "claude-sonnet-4-20250514", "claude-haiku-4-5"];

/// A valid request.
#[derive(Debug)]
pub(super) struct MessagesRequest {
    pub(super) order: Order,
    pub(super) stream: bool,
    pub(super) prompt_tokens: u32,
}

impl MessagesRequest {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Failure> {
        let fields: Map<String, Value> =
            serde_json::from_slice(body).map_err(|_| Failure::invalid("The request body is not valid JSON"))?;
        let model =
            fields.get("model").and_then(Value::as_str).ok_or_else(|| Failure::invalid("model: Field required"))?;
        let behaviour = Behaviour::of(model, &OWN).ok_or_else(|| Failure::unknown_model(model))?;
        let limit = match fields.get("max_tokens") {
            None => return Err(Failure::invalid("max_tokens: Field required")),
            Some(value) => value.as_u64().filter(|most| *most > 0).and_then(|most| u32::try_from(most).ok()),
        };
        let limit = limit.ok_or_else(|| Failure::invalid("max_tokens: must be greater than or equal to 1"))?;
        for name in ["temperature", "top_p"] {
            let Some(value) = fields.get(name) else { continue };
            if !value.as_f64().is_some_and(|value| (0.0..=1.0).contains(&value)) {
                return Err(Failure::invalid(&format!("{name}: range: 0..1")));
            }
        }
        let functions = functions(fields.get("tools"))?;
        let (choice, several) = choice(fields.get("tool_choice"), &functions)?;
        let messages = conversation::read(fields.get("system"), fields.get("messages"))?;
        let conversation = Conversation { messages, format: Format::Text, functions, choice, several };
        let order = Order { behaviour, conversation, stop: stop(fields.get("stop_sequences"))?, limit: Some(limit) };
        let stream = fields.get("stream").and_then(Value::as_bool).unwrap_or(false);
        Ok(Self { prompt_tokens: order.prompt_tokens(), order, stream })
    }
}

fn functions(value: Option<&Value>) -> Result<Vec<Function>, Failure> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let function = |(index, tool): (usize, &Value)| {
        let missing = |field: &str| Failure::invalid(&format!("tools.{index}.custom.{field}: Field required"));
        let schema = tool.get("input_schema").ok_or_else(|| missing("input_schema"))?;
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err(Failure::invalid(&format!("tools.{index}.custom.input_schema.type: Input should be 'object'")));
        }
        Ok(Function {
            name: tool.get("name").and_then(Value::as_str).ok_or_else(|| missing("name"))?.to_owned(),
            description: tool.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
            parameters: schema.clone(),
        })
    };
    list.iter().enumerate().map(function).collect()
}

/// The tool choice, and whether parallel calls are allowed.
fn choice(value: Option<&Value>, functions: &[Function]) -> Result<(Choice, bool), Failure> {
    let Some(value) = value else { return Ok((Choice::Auto, true)) };
    let choice = match value.get("type").and_then(Value::as_str) {
        Some("auto") => Choice::Auto,
        Some("none") => Choice::None,
        Some("any") => Choice::Required,
        Some("tool") => {
            let name = value.get("name").and_then(Value::as_str).unwrap_or_default();
            if functions.iter().all(|function| function.name != name) {
                return Err(Failure::invalid(&format!("Tool '{name}' not found in provided tools")));
            }
            Choice::Named(name.to_owned())
        }
        _ => {
            return Err(Failure::invalid(
                "tool_choice: Input tag found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'",
            ));
        }
    };
    if functions.is_empty() {
        return Err(Failure::invalid("tool_choice: may only be specified while providing tools"));
    }
    Ok((choice, value.get("disable_parallel_tool_use").and_then(Value::as_bool) != Some(true)))
}

fn stop(value: Option<&Value>) -> Result<Vec<String>, Failure> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let blank = || Failure::invalid("stop_sequences: each stop sequence must contain non-whitespace");
    let text = |item: &Value| item.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned).ok_or_else(blank);
    list.iter().map(text).collect()
}
