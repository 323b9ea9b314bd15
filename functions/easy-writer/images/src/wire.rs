//! What several endpoints share.

use domain::generation::Status;
use domain::kernel::{Error, JobId, Resource};

/// The image of a path. A malformed ID is not found.
pub(crate) fn image_id(text: &str) -> Result<JobId, Error> {
    text.parse().map_err(|_| Error::NotFound(Resource::IMAGE))
}

/// A status on the wire.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Pending | Status::InProgress => "processing",
        Status::Completed => "completed",
        Status::Failed => "failed",
    }
}
