//! `POST /api/v1/images/generate`

use axum::extract::State;
use domain::easy_writer::{ImageFormat, ImageOrder, parse_style};
use edge::easy_writer::openapi::{AuthErrors, BodyErrors, Errors, Failed, Success};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, Caller, IdempotencyKey, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::status;

/// A new image.
#[derive(Deserialize, ToSchema)]
pub(crate) struct GenerateBody {
    /// Prompt, 1 to 1000 characters.
    #[schema(min_length = 1, max_length = 1000, example = "Красивый закат над морем")]
    prompt: String,
    /// Format, which sets the size in pixels: `web` (1024x1024), `banner` (2048x1024), `print` (2048x2048), `messenger`
    /// (512x512).
    #[schema(example = "web")]
    format: String,
    /// Style: `DEFAULT` (default), `KANDINSKY`, `UHD`, `ANIME`.
    #[schema(example = "DEFAULT")]
    style: Option<String>,
}

/// An image that is being generated.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderedView {
    /// Image ID.
    #[schema(format = Uuid)]
    image_id: String,
    /// `processing`; for a repeated request, the current status.
    #[schema(example = "processing")]
    status: &'static str,
    /// Path of the WebSocket with the progress; append `?token=` and the access token.
    #[schema(example = "/ws/image/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f")]
    websocket_url: String,
}

/// Generate an image
///
/// The price is reserved first, charged on completion and released on failure.
#[utoipa::path(
    post,
    path = "/api/v1/images/generate",
    tag = "images",
    operation_id = "generate_image",
    request_body = GenerateBody,
    security(("bearer" = [])),
    params(IdempotencyHeader),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 202, description = "Generation started", body = Success<OrderedView>),
        (status = 400, description = "`INVALID_FORMAT`, `VALIDATION_ERROR`", body = Failed),
        (status = 402, description = "`INSUFFICIENT_BALANCE`: `details` has `required` and `balance`", body = Failed),
        (status = 409, description = "`IDEMPOTENCY_KEY_REUSED`: the key was used with another body; `CONFLICT`: retry", body = Failed),
    )
)]
pub(crate) async fn generate_image(
    State(state): State<crate::State>,
    caller: Caller,
    scope: RequestScope,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Body(body): Body<GenerateBody>,
) -> Answer<OrderedView> {
    let user = caller.user();
    scope.limit(&state.image_limit, &user.to_string()).await?;
    let style = parse_style(body.style.as_deref().unwrap_or("DEFAULT"))?;
    let order = ImageOrder::new(&body.prompt, ImageFormat::parse(&body.format)?, style)?;
    let job = state.images.generate(user, order, idempotency_key).await?;
    Ok(Reply::accepted(OrderedView {
        image_id: job.id.to_string(),
        status: status(job.status),
        websocket_url: format!("/ws/image/{}", job.id),
    }))
}
