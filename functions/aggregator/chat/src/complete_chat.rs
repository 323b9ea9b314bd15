//! `POST /api/v1/chat/completions`, `POST /v1/chat/completions`

use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use domain::aggregator::{ChatCall, StreamOutcome};
use domain::gateway::ChatRequest;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, BodyErrors, Errors};
use edge::openapi::IdempotencyHeader;
use edge::{Company, Failure, IdempotencyKey, LongBody, Meta, RawResponse};

use crate::frames::frames;
use crate::wire::{CompletionView, json};

/// Create a chat completion
///
/// Takes OpenAI's request and returns OpenAI's response, whichever provider runs the model. Fields without a
/// counterpart at the provider are refused, not ignored. Two fields are added: `cost`, the price in US dollars, and
/// `provider`; in a stream they are in the chunk with `finish_reason`. The maximum price is reserved before the
/// provider is called, and the actual price is charged afterwards. A failed request is free; a stream that the client
/// closes is charged up to that point. A repeat with the same `Idempotency-Key` and body returns the stored response
/// and is free.
#[utoipa::path(
    post,
    path = "/api/v1/chat/completions",
    tag = "chat",
    operation_id = "complete_chat",
    security(("bearer" = []), ("api_key" = [])),
    params(IdempotencyHeader),
    request_body(content = Object, description = "Request of OpenAI's `POST /chat/completions`"),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 200, description = "A `chat.completion`; with `stream`, server-sent events", body = Object),
        (status = 400, description = "`invalid_request`, `unsupported_parameter`, `context_length_exceeded`, `content_filter`", body = AggregatorFailed),
        (status = 402, description = "`insufficient_funds`: balance and credit do not cover the maximum price", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `chat`", body = AggregatorFailed),
        (status = 404, description = "`model_not_found`", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`, `in_progress`, `conflict`", body = AggregatorFailed),
        (status = 413, description = "`payload_too_large`: body larger than 5 MB", body = AggregatorFailed),
        (status = 503, description = "`provider_unavailable`: every provider of the model failed; `service_unavailable`: retry later", body = AggregatorFailed),
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
        return Ok(RawResponse { content_type: "application/json", body }.into_response());
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
