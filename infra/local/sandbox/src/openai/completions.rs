//! `POST /chat/completions`.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;

use super::State;
use super::error::Failure;
use super::fault::Behaviour;
use super::request::ChatRequest;
use super::response::{Answer, Choice, Completion, Finish, Head, Usage};
use super::stream::{Cut, Plan};
use super::tokens;
use crate::writer;

/// How long an unstreamed answer of `sandbox-slow` takes at most.
pub(super) const SLOWEST: Duration = Duration::from_secs(20);
const SLOWEST_CHUNK: Duration = Duration::from_millis(200);

pub(super) async fn create(
    Shared(state): Shared<State>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body.map_err(|_| Failure::too_large())?;
    let request = ChatRequest::parse(&body)?;
    match request.behaviour {
        Behaviour::Hang => return std::future::pending().await,
        Behaviour::ServerError => return Err(Failure::server_error()),
        Behaviour::RateLimit => return Err(Failure::rate_limited()),
        Behaviour::Quota => return Err(Failure::out_of_quota()),
        Behaviour::Good
        | Behaviour::Slow
        | Behaviour::BrokenJson
        | Behaviour::HalfStream
        | Behaviour::StreamError
        | Behaviour::NoUsage => {}
    }
    let object = if request.stream { "chat.completion.chunk" } else { "chat.completion" };
    let id = format!("chatcmpl-sandbox-{:08x}", state.next_request());
    let head = Head::new(id, object, (state.options.clock)());
    // Dictionaries are read on first use and spelling takes milliseconds per word: not on a thread that serves sockets.
    let (request, answers) = tokio::task::spawn_blocking(move || {
        let answers = (0..request.choices).map(|variant| answer(&request, variant)).collect::<Vec<_>>();
        (request, answers)
    })
    .await
    .map_err(|_| Failure::server_error())?;
    let usage = Usage::new(request.prompt_tokens, answers.iter().map(|answer| answer.tokens).sum());
    let pace = pace(&state, &request);
    if request.stream {
        let plan = Plan::new(&request, head, usage, answers);
        return Ok(plan.respond(pace, &state.streams));
    }
    if request.behaviour == Behaviour::Slow {
        let chunks = answers.iter().map(|answer| tokens::pieces(&answer.text).count()).sum::<usize>();
        tokio::time::sleep(pace.saturating_mul(u32::try_from(chunks).unwrap_or(u32::MAX)).min(SLOWEST)).await;
    }
    Ok(whole(request.behaviour, head, usage, answers))
}

fn pace(state: &State, request: &ChatRequest) -> Duration {
    match request.behaviour {
        Behaviour::Slow => (state.options.pace * 10).max(SLOWEST_CHUNK),
        _ => state.options.pace,
    }
}

fn answer(request: &ChatRequest, variant: u32) -> Answer {
    let full = writer::answer(&request.messages, &request.format, variant);
    let stopped = request.stop.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| full.find(stop.as_str())).min();
    let wanted = stopped.and_then(|end| full.get(..end)).unwrap_or(&full);
    let (text, was_cut) = tokens::cut(wanted, request.limit);
    let finish = if was_cut { Finish::Length } else { Finish::Stop };
    Answer { tokens: tokens::count(text), text: text.to_owned(), finish }
}

fn whole(behaviour: Behaviour, head: Head, usage: Usage, answers: Vec<Answer>) -> Response {
    if behaviour == Behaviour::StreamError {
        return Json(Failure::server_error().into_body()).into_response();
    }
    let usage = (behaviour != Behaviour::NoUsage).then_some(usage);
    let choices = answers.into_iter().enumerate().map(|(index, answer)| Choice::new(index, answer)).collect();
    let completion = Completion { head, choices, usage };
    if !matches!(behaviour, Behaviour::BrokenJson | Behaviour::HalfStream) {
        return Json(completion).into_response();
    }
    let bytes = Bytes::from(serde_json::to_vec(&completion).unwrap_or_default());
    let half = bytes.slice(..bytes.len() / 2);
    let body = match behaviour {
        Behaviour::HalfStream => Body::from_stream(stream::iter([Ok(half), Err(Cut)])),
        _ => Body::from(half),
    };
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
