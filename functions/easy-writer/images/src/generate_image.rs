//! `POST /api/v1/images/generate`

use axum::extract::State;
use domain::easy_writer::{ImageFormat, ImageOrder, parse_style};
use edge::openapi::{Failed, Success};
use edge::{Answer, Body, Caller, IdempotencyKey, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::status;

/// A picture to be drawn.
#[derive(Deserialize, ToSchema)]
pub(crate) struct GenerateBody {
    /// What it shows.
    #[schema(min_length = 1, max_length = 1000, example = "Красивый закат над морем")]
    prompt: String,
    /// What it is for: `web` (1024x1024), `banner` (2048x1024), `print` (2048x2048), `messenger` (512x512).
    #[schema(example = "web")]
    format: String,
    /// How it is drawn: `DEFAULT`, `KANDINSKY`, `UHD`, `ANIME`.
    #[schema(example = "DEFAULT")]
    style: Option<String>,
}

/// A picture that is being drawn.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderedView {
    /// Id of the picture.
    #[schema(format = Uuid)]
    image_id: String,
    /// `processing`; after a repeat of the same request, how far the picture has come.
    #[schema(example = "processing")]
    status: &'static str,
    /// Where to watch it; append `?token=` and the access token.
    #[schema(example = "/ws/image/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f")]
    websocket_url: String,
}

/// Draw a picture
///
/// The price is reserved before anything else, charged when the picture is there, and given back if it cannot be drawn.
#[utoipa::path(
    post,
    path = "/api/v1/images/generate",
    tag = "images",
    operation_id = "generate_image",
    request_body = GenerateBody,
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours draws nothing")),
    responses(
        (status = 202, description = "Being drawn", body = Success<OrderedView>),
        (status = 400, description = "`INVALID_FORMAT`, `VALIDATION_ERROR`", body = Failed),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 402, description = "`INSUFFICIENT_BALANCE`: `details` has `required` and `balance`", body = Failed),
        (status = 409, description = "`IDEMPOTENCY_KEY_REUSED`: the key belongs to another request; `CONFLICT`: try again", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
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
    scope.limit(&state.limiter, &state.image_limit, &user.to_string(), state.clock.now()).await?;
    let style = parse_style(body.style.as_deref().unwrap_or("DEFAULT"))?;
    let order = ImageOrder::new(&body.prompt, ImageFormat::parse(&body.format)?, style)?;
    let job = state.images.generate(user, order, idempotency_key).await?;
    Ok(Reply::accepted(OrderedView {
        image_id: job.id.to_string(),
        status: status(job.status),
        websocket_url: format!("/ws/image/{}", job.id),
    }))
}
