//! `POST /api/v1/images/{image_id}/upscale`

use axum::extract::State;
use domain::easy_writer::Scale;
use edge::openapi::{Failed, Success};
use edge::{Answer, Body, Caller, IdempotencyKey, PathParameter, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{image_id, status};

/// A larger copy to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UpscaleBody {
    /// How many times as wide and high: 2 or 4.
    #[schema(example = 4)]
    scale: u32,
}

/// A picture that is being enlarged.
#[derive(Serialize, ToSchema)]
pub(crate) struct UpscaledView {
    /// Id of the picture.
    #[schema(format = Uuid)]
    image_id: String,
    /// `processing`, or `completed` if the last copy has this size already.
    #[schema(example = "processing")]
    status: &'static str,
    /// Where to watch it; append `?token=` and the access token.
    #[schema(example = "/ws/image/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f")]
    websocket_url: String,
}

/// Enlarge a picture
///
/// Costs nothing: larger copies are part of the picture's price. The copy that was made last is the one that `upscaled_url` leads to.
#[utoipa::path(
    post,
    path = "/api/v1/images/{image_id}/upscale",
    tag = "images",
    operation_id = "upscale_image",
    request_body = UpscaleBody,
    security(("bearer" = [])),
    params(
        ("image_id" = String, Path, description = "Id of the picture"),
        ("Idempotency-Key" = Option<String>, Header, max_length = 128, description = "A repeat with the same key within 24 hours makes nothing"),
    ),
    responses(
        (status = 202, description = "Being enlarged, or there already", body = Success<UpscaledView>),
        (status = 400, description = "`VALIDATION_ERROR`", body = Failed),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 404, description = "`IMAGE_NOT_FOUND`: no such picture, or somebody else's", body = Failed),
        (status = 409, description = "`IN_PROGRESS`: it is being drawn or enlarged; `NOT_COMPLETED`: drawing it failed; `IDEMPOTENCY_KEY_REUSED`; `CONFLICT`: try again", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn upscale_image(
    State(state): State<crate::State>,
    caller: Caller,
    scope: RequestScope,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    PathParameter(id): PathParameter,
    Body(body): Body<UpscaleBody>,
) -> Answer<UpscaledView> {
    let user = caller.user();
    scope.limit(&state.limiter, &state.image_limit, &user.to_string(), state.clock.now()).await?;
    let image = state.images.upscale(user, image_id(&id)?, Scale::parse(body.scale)?, idempotency_key).await?;
    Ok(Reply::accepted(UpscaledView {
        image_id: image.job.id.to_string(),
        status: status(image.status()),
        websocket_url: format!("/ws/image/{}", image.job.id),
    }))
}
