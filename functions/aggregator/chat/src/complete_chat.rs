//! `POST /api/v1/chat/completions`, `POST /v1/chat/completions`

use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use domain::aggregator::{ChatCall, StreamOutcome};
use domain::gateway::ChatRequest;
use edge::openapi::AggregatorFailed;
use edge::{Company, Failure, IdempotencyKey, LongBody, Meta, Verbatim};

use crate::frames::frames;
use crate::wire::{CompletionView, json};

/// Chat
///
/// OpenAI's request and answer, whichever vendor runs the model; fields that a vendor has no counterpart of are refused, not dropped. The answer says what it
/// cost (`cost`, US dollars) and who gave it (`provider`); a stream says so in the piece with `finish_reason`. The most that the call can cost is held
/// before a vendor is asked, what it did cost is charged after: nothing for a failure, and for a stream whose reader leaves, what came until then. A repeat
/// with the same `Idempotency-Key` and body gets the same answer and costs nothing.
#[utoipa::path(
    post,
    path = "/api/v1/chat/completions",
    tag = "chat",
    operation_id = "complete_chat",
    security(("bearer" = []), ("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours is answered again, not charged again")),
    request_body(content = Object, description = "As OpenAI's `POST /chat/completions`"),
    responses(
        (status = 200, description = "The answer: `chat.completion`, or with `stream` server-sent events", body = Object),
        (status = 400, description = "`invalid_request`, `unsupported_parameter`, `context_length_exceeded`, `content_filter`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 402, description = "`insufficient_funds`: balance and credit do not cover the most that it may cost", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `chat`", body = AggregatorFailed),
        (status = 404, description = "`model_not_found`", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`, `in_progress`, `conflict`", body = AggregatorFailed),
        (status = 413, description = "`payload_too_large`: more than 5 MB", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
        (status = 503, description = "`provider_unavailable`: every vendor of the model failed", body = AggregatorFailed),
    )
)]
pub(crate) async fn complete_chat(
    State(state): State<crate::State>,
    Company(caller): Company,
    IdempotencyKey(key): IdempotencyKey,
    OriginalUri(uri): OriginalUri,
    LongBody(body): LongBody,
) -> Result<Response, Failure> {
    let request = ChatRequest::parse(&body)?;
    let call = ChatCall { caller, idempotency_key: key.as_deref(), body: &body };
    if !request.stream {
        let render = |by: &_, completion: &_, charge| json(&CompletionView { by, completion, charge });
        let body = state.chat.complete(call, &request, render).await?;
        return Ok(Verbatim { content_type: "application/json", body }.into_response());
    }
    let body = match state.chat.stream(call, &request).await? {
        StreamOutcome::Replayed(text) => Body::from(text),
        StreamOutcome::New(answer) => {
            let meta = Meta { timestamp: answer.by().created, request_id: String::new(), path: uri.path().to_owned() };
            Body::from_stream(frames(answer, request.include_usage, meta))
        }
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}
