//! `POST /api/v1/embeddings`, `POST /v1/embeddings`

use axum::extract::State;
use domain::aggregator::ChatCall;
use domain::gateway::EmbeddingRequest;
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, BodyErrors, Errors};
use edge::openapi::IdempotencyHeader;
use edge::{Company, Failure, IdempotencyKey, LongBody, RawResponse};

use crate::wire::{EmbeddingsView, json};

/// Create embeddings
///
/// Takes OpenAI's request and returns OpenAI's response. Billed like a chat completion.
#[utoipa::path(
    post,
    path = "/api/v1/embeddings",
    tag = "chat",
    operation_id = "embed",
    security(("bearer" = []), ("api_key" = [])),
    params(IdempotencyHeader),
    request_body(content = Object, description = "Request of OpenAI's `POST /embeddings`"),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 200, description = "The embeddings", body = Object),
        (status = 400, description = "`invalid_request`, `unsupported_parameter`", body = AggregatorFailed),
        (status = 402, description = "`insufficient_funds`: balance and credit do not cover the maximum price", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `chat`", body = AggregatorFailed),
        (status = 404, description = "`model_not_found`", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`, `in_progress`, `conflict`", body = AggregatorFailed),
        (status = 413, description = "`payload_too_large`: body larger than 5 MB", body = AggregatorFailed),
        (status = 503, description = "`provider_unavailable`: every provider of the model failed; `service_unavailable`: retry later", body = AggregatorFailed),
    )
)]
pub(crate) async fn embed(
    State(state): State<crate::State>,
    Company(caller): Company,
    IdempotencyKey(key): IdempotencyKey,
    LongBody(body): LongBody,
) -> Result<RawResponse, Failure> {
    let request = EmbeddingRequest::parse(&body)?;
    let call = ChatCall { caller, idempotency_key: key.as_deref(), body: &body };
    let render = |by: &_, embeddings: &_, charge| json(&EmbeddingsView::new(by, embeddings, charge));
    let body = state.chat.embed(call, &request, render).await?;
    Ok(RawResponse { content_type: "application/json", body })
}
