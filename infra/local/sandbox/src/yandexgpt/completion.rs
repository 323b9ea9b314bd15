//! `POST /foundationModels/v1/completion`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use serde_json::{Value, json};

use super::error::Failure;
use super::request::CompletionRequest;
use crate::model::delivery::{Script, json as bytes};
use crate::model::{Answer, Behaviour, Finish, MODEL, State, delivery, tokens};

/// Pieces of text that a line adds; every line repeats the text so far.
const PIECES: usize = 8;

pub(super) async fn create(
    Shared(state): Shared<State>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body.map_err(|_| Failure::invalid("message larger than max"))?;
    let CompletionRequest { order, stream, prompt_tokens } = CompletionRequest::parse(&body)?;
    let (behaviour, order) = (order.behaviour, Arc::new(order));
    behaviour.admit().await?;
    let answers = order.answers(1).await.ok_or_else(Failure::server_error)?;
    let answer = answers.first().ok_or_else(Failure::server_error)?;
    let told = (behaviour != Behaviour::NoUsage).then_some(prompt_tokens);
    if stream {
        return Ok(script(answer, told).play(behaviour, state.pace(behaviour), &state.streams));
    }
    state.wait(behaviour, &answers).await;
    let whole = result(answer.text(), ending(answer), told.map(|prompt| usage(prompt, answer.tokens)));
    Ok(delivery::whole(behaviour, &whole, &Failure::server_error().body()))
}

fn result(text: &str, status: &str, usage: Option<Value>) -> Value {
    let message = json!({ "role": "assistant", "text": text });
    let mut result = json!({ "alternatives": [{ "message": message, "status": status }], "modelVersion": MODEL });
    if let (Some(fields), Some(usage)) = (result.as_object_mut(), usage) {
        fields.insert("usage".to_owned(), usage);
    }
    json!({ "result": result })
}

fn ending(answer: &Answer) -> &'static str {
    match answer.finish {
        Finish::Length => "ALTERNATIVE_STATUS_TRUNCATED_FINAL",
        Finish::Whole | Finish::Stop(_) | Finish::Calls => "ALTERNATIVE_STATUS_FINAL",
    }
}

/// 64-bit numbers, which are strings in JSON.
fn usage(prompt: u32, completion: u32) -> Value {
    json!({
        "inputTextTokens": prompt.to_string(), "completionTokens": completion.to_string(),
        "totalTokens": (prompt + completion).to_string(), "completionTokensDetails": { "reasoningTokens": "0" },
    })
}

/// The lines of the answer, each with the whole text so far.
fn script(answer: &Answer, prompt_tokens: Option<u32>) -> Script {
    let line = |text: &str, status: &str| {
        let usage = prompt_tokens.map(|prompt| usage(prompt, tokens::count(text)));
        Bytes::from([&bytes(&result(text, status, usage)), b"\n".as_ref()].concat())
    };
    let mut so_far = String::new();
    let mut frames = Vec::new();
    for (place, piece) in tokens::pieces(answer.text()).enumerate() {
        so_far.push_str(piece);
        if place % PIECES == PIECES - 1 {
            frames.push(line(&so_far, "ALTERNATIVE_STATUS_PARTIAL"));
        }
    }
    frames.push(line(answer.text(), ending(answer)));
    Script {
        content_type: "application/json",
        frames,
        failure: vec![Bytes::from([&bytes(&Failure::server_error().body()), b"\n".as_ref()].concat())],
        broken: Bytes::from_static(b"{\"result\":{\"alternati\n"),
    }
}
