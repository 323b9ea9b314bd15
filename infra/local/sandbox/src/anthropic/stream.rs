//! A message as named events.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::error::Failure;
use super::messages::{call_id, ending, head, usage};
use crate::composer::Content;
use crate::model::delivery::{Script, json as bytes};
use crate::model::{Answer, tokens};

/// The frames of the message; `prompt_tokens` only if it has a usage.
pub(super) fn script(number: u64, answer: &Answer, prompt_tokens: Option<u32>) -> Script {
    let mut message = head(number);
    // The vendor begins with one output token.
    message.extend(prompt_tokens.map(|prompt| ("usage".to_owned(), usage(prompt, 1))));
    let mut events = vec![json!({ "type": "message_start", "message": message })];
    match &answer.content {
        Content::Text(text) if text.is_empty() => {}
        Content::Text(text) => {
            let deltas = tokens::pieces(text).map(|piece| json!({ "type": "text_delta", "text": piece }));
            block(0, &json!({ "type": "text", "text": "" }), deltas, &mut events);
        }
        Content::Calls(calls) => {
            for (index, call) in calls.iter().enumerate() {
                let begin = json!({ "type": "tool_use", "id": call_id(number, index), "name": call.name, "input": {} });
                let pieces = std::iter::once("").chain(tokens::pieces(&call.arguments));
                let deltas = pieces.map(|piece| json!({ "type": "input_json_delta", "partial_json": piece }));
                block(index, &begin, deltas, &mut events);
            }
        }
    }
    let (stop_reason, stop_sequence) = ending(answer);
    let delta = json!({ "stop_reason": stop_reason, "stop_sequence": stop_sequence });
    let end = match prompt_tokens {
        Some(_) => json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": answer.tokens } }),
        None => json!({ "type": "message_delta", "delta": delta }),
    };
    events.extend([end, json!({ "type": "message_stop" })]);
    // The vendor's keep-alive.
    events.insert(2.min(events.len()), json!({ "type": "ping" }));
    Script {
        content_type: "text/event-stream; charset=utf-8",
        frames: events.iter().map(frame).collect(),
        failure: vec![frame(&Failure::server_error().body())],
        broken: Bytes::from_static(b"event: content_block_delta\ndata: {\"type\":\"content_block_de\n\n"),
    }
}

fn block(index: usize, begin: &Value, deltas: impl Iterator<Item = Value>, events: &mut Vec<Value>) {
    events.push(json!({ "type": "content_block_start", "index": index, "content_block": begin }));
    events.extend(deltas.map(|delta| json!({ "type": "content_block_delta", "index": index, "delta": delta })));
    events.push(json!({ "type": "content_block_stop", "index": index }));
}

fn frame(event: &Value) -> Bytes {
    let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
    Bytes::from([b"event: ", name.as_bytes(), b"\ndata: ", &bytes(event), b"\n\n"].concat())
}
