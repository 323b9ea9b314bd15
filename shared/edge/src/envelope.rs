//! The products' wire dialects. Each product's is in its own folder, `<product>/envelope.rs`.

use domain::kernel::Timestamp;
use http::StatusCode;

use crate::problem::Problem;

/// What an envelope may say about the request it answers.
#[derive(Debug, Clone)]
pub struct Meta {
    /// When the answer was made.
    pub timestamp: Timestamp,
    /// The request's id.
    pub request_id: String,
    /// The request's path.
    pub path: String,
}

/// A product's way to spell successes and failures.
pub trait Envelope: Send + Sync + 'static {
    /// The product's name, as in logs.
    const PRODUCT: &'static str;

    /// The body of a success whose data is the JSON text `data`.
    fn success(data: &str, meta: &Meta) -> String;

    /// Status and stable code of a failure.
    fn code(problem: &Problem) -> (StatusCode, &'static str);

    /// The body of a failure.
    fn failure(problem: &Problem, meta: &Meta) -> String;
}
