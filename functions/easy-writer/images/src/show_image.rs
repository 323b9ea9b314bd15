//! `GET /api/v1/images/{image_id}`

use axum::extract::State;
use domain::easy_writer::{Image, Picture, style_name};
use domain::generation::Failure;
use edge::openapi::{Failed, Success};
use edge::{Answer, Caller, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{image_id, status};

/// A picture.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImageView {
    /// Id.
    #[schema(format = Uuid)]
    image_id: String,
    /// `processing` (also while it is being enlarged), `completed` or `failed`.
    #[schema(example = "completed")]
    status: &'static str,
    /// What it shows.
    #[schema(example = "Красивый закат над морем")]
    prompt: String,
    /// `web`, `banner`, `print` or `messenger`.
    #[schema(example = "web")]
    format: &'static str,
    /// `DEFAULT`, `KANDINSKY`, `UHD` or `ANIME`.
    #[schema(example = "DEFAULT")]
    style: &'static str,
    /// Pixels.
    #[schema(example = 1024)]
    width: u32,
    /// Pixels.
    #[schema(example = 1024)]
    height: u32,
    /// Where the PNG is; empty until the picture is drawn.
    #[schema(example = "/uploads/images/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f.png")]
    url: String,
    /// Where a small JPEG is.
    #[schema(example = "/uploads/thumbnails/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f.jpg")]
    thumbnail_url: Option<String>,
    /// Where the last larger copy is.
    upscaled_url: Option<String>,
    /// How much larger the copy is that was asked for last: 2 or 4.
    upscale_scale: Option<u32>,
    /// Who drew it; empty until then.
    #[schema(example = "kandinsky")]
    provider_used: &'static str,
    /// What the vendor drew, if that was not the format's size: it was resampled then.
    resampled_from: Option<SizeView>,
    /// Raits charged; 0 until the picture is drawn.
    #[schema(example = 20)]
    cost_raits: i64,
    /// Why it, or its larger copy, failed: `IMAGE_FAILED` or `PROVIDER_UNAVAILABLE`.
    error_code: Option<&'static str>,
    /// When it was ordered.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A size in pixels.
#[derive(Serialize, ToSchema)]
pub(crate) struct SizeView {
    width: u32,
    height: u32,
}

impl From<Image> for ImageView {
    fn from(image: Image) -> Self {
        let (width, height) = image.order.format.size();
        let (job, upscale) = (&image.job, image.upscale.as_ref());
        let failure = job.failure.or_else(|| upscale.and_then(|upscale| upscale.job.failure));
        Self {
            image_id: job.id.to_string(),
            status: status(image.status()),
            format: image.order.format.as_str(),
            style: style_name(image.order.style),
            width,
            height,
            url: image.picture.as_ref().map(Picture::url).unwrap_or_default(),
            thumbnail_url: image.picture.as_ref().and_then(Picture::thumbnail_url),
            upscaled_url: upscale.and_then(|upscale| upscale.picture.as_ref()).map(Picture::url),
            upscale_scale: upscale.map(|upscale| upscale.scale.factor()),
            provider_used: job.provider.map_or("", |provider| provider.as_str()),
            resampled_from: image.picture.as_ref().and_then(resampled_from),
            cost_raits: job.cost.units(),
            error_code: failure.map(|failure| match failure {
                Failure::ProviderUnavailable => "PROVIDER_UNAVAILABLE",
                Failure::GenerationFailed => "IMAGE_FAILED",
            }),
            created_at: job.created_at.to_string(),
            prompt: image.order.prompt,
        }
    }
}

fn resampled_from(picture: &Picture) -> Option<SizeView> {
    let drawn = (picture.drawn_width, picture.drawn_height);
    (drawn != (picture.width, picture.height)).then_some(SizeView { width: drawn.0, height: drawn.1 })
}

/// A picture
#[utoipa::path(
    get,
    path = "/api/v1/images/{image_id}",
    tag = "images",
    operation_id = "show_image",
    security(("bearer" = [])),
    params(("image_id" = String, Path, description = "Id of the picture")),
    responses(
        (status = 200, description = "The picture", body = Success<ImageView>),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 404, description = "`IMAGE_NOT_FOUND`: no such picture, or somebody else's", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn show_image(
    State(state): State<crate::State>,
    caller: Caller,
    PathParameter(id): PathParameter,
) -> Answer<ImageView> {
    Ok(Reply::ok(state.images.get(caller.user(), image_id(&id)?).await?.into()))
}
