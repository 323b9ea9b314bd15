//! Parts of the OpenAPI documents that all products have.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// The header that makes a repeated request safe.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyHeader {
    /// Idempotency key, 1 to 128 printable ASCII characters without spaces. For 24 hours, a repeat with the same key
    /// and body has no further effect.
    #[param(rename = "Idempotency-Key", max_length = 128)]
    pub idempotency_key: Option<String>,
}

/// Position of a numbered page in its list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PagesView {
    /// Page number, from 1.
    #[schema(example = 1)]
    pub page: u32,
    /// Maximum number of items per page.
    #[schema(example = 20)]
    pub limit: u32,
    /// Number of items in the list.
    #[schema(example = 150)]
    pub total: u64,
    /// Number of pages in the list.
    #[schema(example = 8)]
    pub total_pages: u64,
}

impl PagesView {
    /// Where `page` is in a list of `total` items.
    pub fn of(page: crate::NumberedPage, total: u64) -> Self {
        Self { page: page.page, limit: page.limit, total, total_pages: total.div_ceil(u64::from(page.limit)) }
    }
}

/// Position of a page in its list.
#[derive(Serialize, ToSchema)]
pub struct PaginationView {
    /// Number of items in the list.
    #[schema(example = 50)]
    pub total: u64,
    /// Maximum number of items per page.
    #[schema(example = 20)]
    pub limit: u32,
    /// Number of items skipped.
    #[schema(example = 0)]
    pub offset: u32,
    /// Whether more items follow.
    pub has_more: bool,
}

impl PaginationView {
    /// Where `paged` is in its list.
    pub fn of<T>(paged: &domain::kernel::Paged<T>) -> Self {
        Self { total: paged.total, limit: paged.page.limit, offset: paged.page.offset, has_more: paged.has_more() }
    }
}
