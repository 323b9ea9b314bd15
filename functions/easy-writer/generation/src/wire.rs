//! What several endpoints share.

use domain::generation::Status;
use domain::kernel::{Error, JobId, Resource};

/// The session of a path. A malformed ID is not found.
pub(crate) fn session_id(text: &str) -> Result<JobId, Error> {
    text.parse().map_err(|_| Error::NotFound(Resource::SESSION))
}

/// A status on the wire.
pub(crate) const fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::InProgress => "in_progress",
        Status::Completed => "completed",
        Status::Failed => "failed",
    }
}
