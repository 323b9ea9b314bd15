//! `GET /api/v1/images`

use axum::extract::State;
use domain::easy_writer::{Image, Picture};
use edge::easy_writer::openapi::{AuthErrors, Errors, Failed, Success};
use edge::openapi::PaginationView;
use edge::{Answer, Caller, Query, Reply};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::status;

/// A page of images.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImagesView {
    /// Images, newest first.
    images: Vec<ImageSummaryView>,
    /// Position of the page.
    pagination: PaginationView,
}

/// Summary of an image.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImageSummaryView {
    #[schema(format = Uuid)]
    image_id: String,
    /// Status of the generation, without upscaling: `processing`, `completed` or `failed`.
    #[schema(example = "completed")]
    status: &'static str,
    #[schema(example = "Красивый закат над морем")]
    prompt: String,
    /// Path of the JPEG thumbnail; empty until completed.
    #[schema(example = "/uploads/thumbnails/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f.jpg")]
    thumbnail_url: String,
    /// Format: `web`, `banner`, `print` or `messenger`.
    #[schema(example = "web")]
    format: &'static str,
    /// Creation time.
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

/// List images
#[utoipa::path(
    get,
    path = "/api/v1/images",
    tag = "images",
    operation_id = "list_images",
    security(("bearer" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items per page, 1 to 100. Default 10"),
        ("offset" = Option<u32>, Query, maximum = 10_000, description = "Number of items to skip, up to 10000. Default 0"),
    ),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "A page of images", body = Success<ImagesView>),
        (status = 400, description = "`VALIDATION_ERROR`: invalid query parameter", body = Failed),
    )
)]
pub(crate) async fn list_images(State(state): State<crate::State>, caller: Caller, query: Query) -> Answer<ImagesView> {
    let page = query.page(10)?;
    let paged = state.images.list(caller.user(), page).await?;
    let pagination = PaginationView::of(&paged);
    Ok(Reply::ok(ImagesView { images: paged.items.into_iter().map(Into::into).collect(), pagination }))
}
