//! `POST /api/v1/embeddings`, `POST /v1/embeddings`

use axum::extract::State;
use domain::aggregator::ChatCall;
use domain::gateway::EmbeddingRequest;
use edge::openapi::AggregatorFailed;
use edge::{Company, Failure, IdempotencyKey, LongBody, Verbatim};

use crate::wire::{EmbeddingsView, json};

/// Vectors for texts
///
/// OpenAI's request and answer, paid as a chat is.
#[utoipa::path(
    post,
    path = "/api/v1/embeddings",
    tag = "chat",
    operation_id = "embed",
    security(("bearer" = []), ("api_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours is answered again, not charged again")),
    request_body(content = Object, description = "As OpenAI's `POST /embeddings`"),
    responses(
        (status = 200, description = "The vectors", body = Object),
        (status = 400, description = "`invalid_request`, `unsupported_parameter`", body = AggregatorFailed),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 402, description = "`insufficient_funds`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `chat`", body = AggregatorFailed),
        (status = 404, description = "`model_not_found`", body = AggregatorFailed),
        (status = 409, description = "`idempotency_key_reused`, `in_progress`, `conflict`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
        (status = 503, description = "`provider_unavailable`", body = AggregatorFailed),
    )
)]
pub(crate) async fn embed(
    State(state): State<crate::State>,
    Company(caller): Company,
    IdempotencyKey(key): IdempotencyKey,
    LongBody(body): LongBody,
) -> Result<Verbatim, Failure> {
    let request = EmbeddingRequest::parse(&body)?;
    let call = ChatCall { caller, idempotency_key: key.as_deref(), body: &body };
    let render = |by: &_, embeddings: &_, charge| json(&EmbeddingsView::new(by, embeddings, charge));
    let body = state.chat.embed(call, &request, render).await?;
    Ok(Verbatim { content_type: "application/json", body })
}
