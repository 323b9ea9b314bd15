//! `POST /api/v1/images/{image_id}/upscale`

use axum::extract::State;
use domain::easy_writer::Scale;
use edge::easy_writer::openapi::{AuthErrors, BodyErrors, Errors, Failed, Success};
use edge::openapi::IdempotencyHeader;
use edge::{Answer, Body, Caller, IdempotencyKey, PathParameter, Reply, RequestScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{image_id, status};

/// An upscaling.
#[derive(Deserialize, ToSchema)]
pub(crate) struct UpscaleBody {
    /// Scale factor: 2 or 4.
    #[schema(example = 4)]
    scale: u32,
}

/// An image that is being upscaled.
#[derive(Serialize, ToSchema)]
pub(crate) struct UpscaledView {
    /// Image ID.
    #[schema(format = Uuid)]
    image_id: String,
    /// `processing`, or `completed` if the last upscaled copy has this scale factor.
    #[schema(example = "processing")]
    status: &'static str,
    /// Path of the WebSocket with the progress; append `?token=` and the access token.
    #[schema(example = "/ws/image/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f")]
    websocket_url: String,
}

/// Upscale an image
///
/// Free: upscaling is included in the price of the image. `upscaled_url` of the image is the latest copy.
#[utoipa::path(
    post,
    path = "/api/v1/images/{image_id}/upscale",
    tag = "images",
    operation_id = "upscale_image",
    request_body = UpscaleBody,
    security(("bearer" = [])),
    params(
        ("image_id" = String, Path, description = "ID of the image"),
        IdempotencyHeader,
    ),
    responses(
        Errors, AuthErrors, BodyErrors,
        (status = 202, description = "Upscaling started, or already completed", body = Success<UpscaledView>),
        (status = 404, description = "`IMAGE_NOT_FOUND`: unknown image, or image of another user", body = Failed),
        (status = 409, description = "`IN_PROGRESS`: the image is being generated or upscaled; `NOT_COMPLETED`: its generation failed; `IDEMPOTENCY_KEY_REUSED`: the key was used with another body; `CONFLICT`: retry", body = Failed),
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
    scope.limit(&state.image_limit, &user.to_string()).await?;
    let image = state.images.upscale(user, image_id(&id)?, Scale::parse(body.scale)?, idempotency_key).await?;
    Ok(Reply::accepted(UpscaledView {
        image_id: image.job.id.to_string(),
        status: status(image.status()),
        websocket_url: format!("/ws/image/{}", image.job.id),
    }))
}
