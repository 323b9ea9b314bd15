//! `POST /chat/completions`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::error::Failure;
use super::request::ChatRequest;
use crate::composer::Content;
use crate::model::delivery::{Script, data};
use crate::model::{Answer, Behaviour, Finish, MODEL, State, delivery, tokens};

pub(super) async fn create(
    Shared(state): Shared<State>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body.map_err(|_| Failure::too_large())?;
    let ChatRequest { order, stream, prompt_tokens } = ChatRequest::parse(&body)?;
    let (behaviour, order) = (order.behaviour, Arc::new(order));
    behaviour.admit().await?;
    let number = state.next_request();
    let answers = order.answers(1).await.ok_or_else(Failure::server_error)?;
    let answer = answers.first().ok_or_else(Failure::server_error)?;
    let usage = (behaviour != Behaviour::NoUsage).then(|| usage(prompt_tokens, answer.tokens));
    let envelope = Envelope { created: (state.options.clock)(), usage };
    if stream {
        let script = script(number, answer, &envelope);
        return Ok(script.play(behaviour, state.pace(behaviour), &state.streams));
    }
    state.wait(behaviour, &answers).await;
    let mut message = said(number, answer, answer.text());
    message.insert("role".to_owned(), json!("assistant"));
    let choice = json!({ "index": 0, "message": message, "finish_reason": finish_reason(answer) });
    Ok(delivery::whole(behaviour, &envelope.around(&choice, true), &Failure::server_error().body()))
}

/// The fields around an answer and its chunks.
struct Envelope {
    created: i64,
    usage: Option<Value>,
}

impl Envelope {
    /// Chunks have the same `object` as whole answers; the last one has the usage.
    fn around(&self, choice: &Value, is_last: bool) -> Value {
        let mut answer = json!({
            "object": "chat.completion", "created": self.created, "model": MODEL, "choices": [choice], "sandbox": true,
        });
        if let (Some(fields), Some(usage), true) = (answer.as_object_mut(), &self.usage, is_last) {
            fields.insert("usage".to_owned(), usage.clone());
        }
        answer
    }
}

/// A message or a delta: `text`, and the call if there is one.
fn said(number: u64, answer: &Answer, text: &str) -> Map<String, Value> {
    let mut said = Map::from_iter([("content".to_owned(), json!(text))]);
    if let Content::Calls(calls) = &answer.content
        && let Some(call) = calls.first()
    {
        let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
        said.insert("function_call".to_owned(), json!({ "name": call.name, "arguments": arguments }));
        said.insert("functions_state_id".to_owned(), json!(format!("00000000-0000-4000-8000-{number:012x}")));
    }
    said
}

fn finish_reason(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Length => "length",
        Finish::Calls => "function_call",
        Finish::Whole | Finish::Stop(_) => "stop",
    }
}

fn usage(prompt: u32, completion: u32) -> Value {
    json!({
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "precached_prompt_tokens": 0,
    })
}

/// The events of the answer.
fn script(number: u64, answer: &Answer, envelope: &Envelope) -> Script {
    let mut deltas: Vec<Map<String, Value>> = match &answer.content {
        Content::Text(text) => tokens::pieces(text).map(|piece| said(number, answer, piece)).collect(),
        Content::Calls(_) => vec![said(number, answer, "")],
    };
    if let Some(first) = deltas.first_mut() {
        first.insert("role".to_owned(), json!("assistant"));
    }
    let chunk = |delta| envelope.around(&json!({ "index": 0, "delta": delta }), false);
    let mut frames: Vec<Bytes> = deltas.into_iter().map(|delta| data(&chunk(delta))).collect();
    let end = json!({ "index": 0, "delta": { "content": "" }, "finish_reason": finish_reason(answer) });
    let done = Bytes::from_static(b"data: [DONE]\n\n");
    frames.extend([data(&envelope.around(&end, true)), done.clone()]);
    Script {
        content_type: "text/event-stream; charset=utf-8",
        frames,
        failure: vec![data(&Failure::server_error().body()), done],
        broken: Bytes::from_static(b"data: {\"object\":\"chat.comp\n\n"),
    }
}
