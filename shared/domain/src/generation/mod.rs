//! Asynchronous generation: jobs, their leases and progress, and the ports to the models that do the work.
//!
//! **Life of a job.** A job is written together with the hold that pays for it. Its worker holds its *lease*; finishing
//! the job is one transaction of result and money that succeeds only for the holder, so a job that two workers picked
//! up finishes once. Every unfinished job has a *due time*, after which a sweep sends it to the queue again; a job that
//! was tried too often fails and its hold is released.
//!
//! **Progress.** The holder appends numbered events to the job's log. A step's event carries its output, so that the
//! next worker goes on where the last one stopped. Subscribers get [`Frame`]s, numbered without gaps, computed from the
//! log and the job.

mod attempt;
mod feed;
pub mod image;
mod items;
mod model;
mod progress;
mod provider;
mod service;
mod sweep;
pub mod text;
mod text_models;

pub use attempt::{Attempt, Stop, Work, Worker};
pub use feed::{Frame, JobFeed, Render, Snapshot};
pub use model::{Claim, Failure, Job, Mode, NewJob, Outcome, Source, Started, Status, preview};
pub use progress::{Checkpoint, Event, Log, Recorded};
pub use provider::ProviderId;
pub use service::{JobCounts, JobReader, Jobs, MAX_ATTEMPTS, WorkMessage};
pub use sweep::SweptJob;
pub use text_models::{TextModel, TextModels};

use crate::kernel::Resource;
use crate::kernel::telemetry::Metric;

impl Resource {
    /// A generation and its result.
    pub const SESSION: Self = Self::new("Session");
    /// A picture.
    pub const IMAGE: Self = Self::new("Image");
}

impl Metric {
    /// Unfinished jobs that the sweeper sent again.
    pub const JOBS_OVERDUE: Self = Self::new("JobsOverdue");
    /// Jobs that failed because they were begun too often.
    pub const JOBS_GIVEN_UP: Self = Self::new("JobsGivenUp");
}
