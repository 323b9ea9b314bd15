//! Envelopes: how a product renders successes and failures. Each is in `<product>/envelope.rs`.

use domain::kernel::Timestamp;
use http::StatusCode;

use crate::problem::Problem;

/// What an envelope gets to see of the request.
#[derive(Debug, Clone)]
pub struct Meta {
    /// Time of the response.
    pub timestamp: Timestamp,
    pub request_id: String,
    pub path: String,
}

/// How a product renders successes and failures.
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
