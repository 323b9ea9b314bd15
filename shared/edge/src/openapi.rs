//! Shapes that the OpenAPI documents share.

use serde::Serialize;
use utoipa::ToSchema;

/// Easy Writer's answer envelope.
#[derive(Serialize, ToSchema)]
pub struct Success<T> {
    /// Always true.
    #[schema(example = true)]
    pub success: bool,
    /// What was asked for.
    pub data: T,
    /// About the answer itself.
    pub meta: MetaView,
}

/// About an answer.
#[derive(Serialize, ToSchema)]
pub struct MetaView {
    /// When it was made.
    #[schema(format = DateTime, example = "2024-12-18T10:30:00Z")]
    pub timestamp: String,
    /// Id of the request, as in the `X-Request-Id` header.
    pub request_id: String,
}

/// Easy Writer's failure envelope.
#[derive(Serialize, ToSchema)]
pub struct Failed {
    /// Always false.
    #[schema(example = false)]
    pub success: bool,
    /// What went wrong.
    pub error: ErrorView,
    /// About the answer itself.
    pub meta: MetaView,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub struct ErrorView {
    /// Stable code for programs.
    #[schema(example = "VALIDATION_ERROR")]
    pub code: String,
    /// Text for people.
    pub message: String,
    /// More, depending on the code: `fields` of a validation error, `required` and `balance` of a missing balance.
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
}

/// AI Aggregator's failure, under `/api/v1`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AggregatorFailed {
    /// The status of the answer.
    #[schema(example = 400)]
    pub status_code: u16,
    /// Text for people.
    pub message: String,
    /// The status in words.
    #[schema(example = "Bad Request")]
    pub error: String,
    /// Stable code for programs.
    #[schema(example = "invalid_request")]
    pub code: String,
    /// More, depending on the code.
    #[schema(value_type = Option<Vec<Object>>)]
    pub details: Option<serde_json::Value>,
    /// When the answer was made.
    #[schema(format = DateTime, example = "2023-12-01T12:00:00.000Z")]
    pub timestamp: String,
    /// Path of the request.
    #[schema(example = "/api/v1/auth/register")]
    pub path: String,
}

/// Where a page that has a number is in its list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PagesView {
    /// The number of the page, from 1.
    #[schema(example = 1)]
    pub page: u32,
    /// The most items of a page.
    #[schema(example = 20)]
    pub limit: u32,
    /// Items in the whole list.
    #[schema(example = 150)]
    pub total: u64,
    /// Pages of the whole list.
    #[schema(example = 8)]
    pub total_pages: u64,
}

impl PagesView {
    /// Where `page` is in a list of `total` items.
    pub fn of(page: crate::NumberedPage, total: u64) -> Self {
        Self { page: page.page, limit: page.limit, total, total_pages: total.div_ceil(u64::from(page.limit)) }
    }
}

/// Where a page is in its list.
#[derive(Serialize, ToSchema)]
pub struct PaginationView {
    /// Items in the whole list.
    #[schema(example = 50)]
    pub total: u64,
    /// The most items of a page.
    #[schema(example = 20)]
    pub limit: u32,
    /// Items skipped.
    #[schema(example = 0)]
    pub offset: u32,
    /// Whether items follow.
    pub has_more: bool,
}

impl PaginationView {
    /// Where `paged` is in its list.
    pub fn of<T>(paged: &domain::kernel::Paged<T>) -> Self {
        Self { total: paged.total, limit: paged.page.limit, offset: paged.page.offset, has_more: paged.has_more() }
    }
}
