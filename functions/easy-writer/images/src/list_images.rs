//! `GET /api/v1/images`

use axum::extract::State;
use domain::easy_writer::{Image, Picture};
use edge::openapi::{Failed, PaginationView, Success};
use edge::{Answer, Caller, PagingOf, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::status;

/// A page of pictures, latest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImagesView {
    /// The pictures.
    images: Vec<ImageSummaryView>,
    /// Where the page is.
    pagination: PaginationView,
}

/// A picture, in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImageSummaryView {
    /// Id.
    #[schema(format = Uuid)]
    image_id: String,
    /// `processing`, `completed` or `failed`, apart from larger copies.
    #[schema(example = "completed")]
    status: &'static str,
    /// What it shows.
    #[schema(example = "Красивый закат над морем")]
    prompt: String,
    /// Where a small JPEG is; empty until the picture is drawn.
    #[schema(example = "/uploads/thumbnails/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f.jpg")]
    thumbnail_url: String,
    /// `web`, `banner`, `print` or `messenger`.
    #[schema(example = "web")]
    format: &'static str,
    /// When it was ordered.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<Image> for ImageSummaryView {
    fn from(image: Image) -> Self {
        Self {
            image_id: image.job.id.to_string(),
            status: status(image.job.status),
            thumbnail_url: image.picture.as_ref().and_then(Picture::thumbnail_url).unwrap_or_default(),
            format: image.order.format.as_str(),
            created_at: image.job.created_at.to_string(),
            prompt: image.order.prompt,
        }
    }
}

/// The user's pictures
#[utoipa::path(
    get,
    path = "/api/v1/images",
    tag = "images",
    operation_id = "list_images",
    security(("bearer" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items of the page, 10 unless given"),
        ("offset" = Option<u32>, Query, maximum = 10_000, description = "Items to skip"),
    ),
    responses(
        (status = 200, description = "A page of pictures", body = Success<ImagesView>),
        (status = 400, description = "`VALIDATION_ERROR`", body = Failed),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn list_images(
    State(state): State<crate::State>,
    caller: Caller,
    PagingOf(page): PagingOf<10>,
) -> Answer<ImagesView> {
    let paged = state.images.list(caller.user(), page).await?;
    let pagination = PaginationView::of(&paged);
    Ok(Reply::ok(ImagesView { images: paged.items.into_iter().map(Into::into).collect(), pagination }))
}
