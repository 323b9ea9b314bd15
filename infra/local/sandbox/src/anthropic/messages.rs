//! `POST /v1/messages`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::error::Failure;
use super::request::MessagesRequest;
use super::stream;
use crate::composer::{Content, FunctionCall};
use crate::model::{Answer, Behaviour, Finish, MODEL, State, delivery};

pub(super) async fn create(
    Shared(state): Shared<State>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body.map_err(|_| Failure::too_large())?;
    let MessagesRequest { order, stream, prompt_tokens } = MessagesRequest::parse(&body)?;
    let (behaviour, order) = (order.behaviour, Arc::new(order));
    behaviour.admit().await?;
    let number = state.next_request();
    let answers = order.answers(1).await.ok_or_else(Failure::server_error)?;
    let answer = answers.first().ok_or_else(Failure::server_error)?;
    let told = (behaviour != Behaviour::NoUsage).then_some(prompt_tokens);
    if stream {
        let script = stream::script(number, answer, told);
        return Ok(script.play(behaviour, state.pace(behaviour), &state.streams));
    }
    state.wait(behaviour, &answers).await;
    Ok(delivery::whole(behaviour, &message(number, answer, told), &Failure::server_error().body()))
}

/// The whole message; `prompt_tokens` only if it has a usage.
fn message(number: u64, answer: &Answer, prompt_tokens: Option<u32>) -> Value {
    let content: Vec<Value> = match &answer.content {
        Content::Text(text) if text.is_empty() => Vec::new(),
        Content::Text(text) => vec![json!({ "type": "text", "text": text })],
        Content::Calls(calls) => {
            let block = |(place, call): (usize, &FunctionCall)| {
                let input: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
                json!({ "type": "tool_use", "id": call_id(number, place), "name": call.name, "input": input })
            };
            calls.iter().enumerate().map(block).collect()
        }
    };
    let (stop_reason, stop_sequence) = ending(answer);
    let mut message = head(number);
    message.extend([
        ("content".to_owned(), Value::Array(content)),
        ("stop_reason".to_owned(), json!(stop_reason)),
        ("stop_sequence".to_owned(), json!(stop_sequence)),
    ]);
    message.extend(prompt_tokens.map(|prompt| ("usage".to_owned(), usage(prompt, answer.tokens))));
    Value::Object(message)
}

/// A message without content.
pub(super) fn head(number: u64) -> Map<String, Value> {
    Map::from_iter([
        ("id".to_owned(), json!(format!("msg_sandbox_{number:08x}"))),
        ("type".to_owned(), json!("message")),
        ("role".to_owned(), json!("assistant")),
        ("model".to_owned(), json!(MODEL)),
        ("content".to_owned(), json!([])),
        ("stop_reason".to_owned(), Value::Null),
        ("stop_sequence".to_owned(), Value::Null),
        // Not in the vendor's protocol: marks the sandbox.
        ("sandbox".to_owned(), json!(true)),
    ])
}

pub(super) fn usage(prompt: u32, completion: u32) -> Value {
    json!({
        "input_tokens": prompt, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": completion,
        "service_tier": "standard",
    })
}

pub(super) fn call_id(number: u64, place: usize) -> String {
    format!("toolu_sandbox_{number:08x}_{place}")
}

/// The stop reason and the stop sequence.
pub(super) fn ending(answer: &Answer) -> (&'static str, Option<&str>) {
    match &answer.finish {
        Finish::Whole => ("end_turn", None),
        Finish::Stop(text) => ("stop_sequence", Some(text)),
        Finish::Length => ("max_tokens", None),
        Finish::Calls => ("tool_use", None),
    }
}
