//! What several endpoints share.

use domain::generation::Status;
use domain::kernel::{Error, JobId, Resource};

/// The picture of a path. What is not an id is not the id of any picture.
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
