//! `POST /chat/completions`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;

use super::error::Failure;
use super::request::ChatRequest;
use super::response::{Choice, Completion, Head, Usage};
use super::stream::Chunks;
use crate::composer;
use crate::model::{Behaviour, State, delivery};

pub(super) async fn create(
    Shared(state): Shared<State>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body.map_err(|_| Failure::too_large())?;
    let ChatRequest { order, stream, include_usage, obfuscate, choices, probabilities, prompt_tokens } =
        ChatRequest::parse(&body)?;
    let call_was_named = matches!(order.conversation.choice, composer::Choice::Named(_));
    let (behaviour, order) = (order.behaviour, Arc::new(order));
    behaviour.admit().await?;
    let object = if stream { "chat.completion.chunk" } else { "chat.completion" };
    let number = state.next_request();
    let head = Head::new(format!("chatcmpl-sandbox-{number:08x}"), object, (state.options.clock)());
    let answers = order.answers(choices).await.ok_or_else(Failure::server_error)?;
    let usage = Usage::new(prompt_tokens, answers.iter().map(|answer| answer.tokens).sum());
    if !stream {
        state.wait(behaviour, &answers).await;
    }
    let choices = answers.into_iter().enumerate();
    let choices = choices.map(|(index, answer)| Choice::new(index, number, answer, call_was_named, probabilities));
    if stream {
        let include_usage = include_usage && behaviour != Behaviour::NoUsage;
        let chunks = Chunks { head, usage: include_usage.then_some(usage), obfuscate };
        let script = chunks.script(choices.collect());
        return Ok(script.play(behaviour, state.pace(behaviour), &state.streams));
    }
    let usage = (behaviour != Behaviour::NoUsage).then_some(usage);
    let completion = Completion { head, choices: choices.collect(), usage };
    Ok(delivery::whole(behaviour, &completion, &Failure::server_error().into_body()))
}
