//! What a subscriber of a job sees, frame by frame.

use async_trait::async_trait;

use super::model::{Failure, Job, Status};
use super::progress::{Event, Recorded};
use super::service::Jobs;
use crate::kernel::{Amount, JobId, Result, UserId};
use crate::realtime::{Feed, SequencedFrame};

/// One thing to tell a subscriber. Frame 0 is [`Frame::Connected`], frames 1 to n are the log, and frame n + 1 tells how the job ended. Events
/// that subscribers are not told leave gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The greeting.
    Connected,
    /// Progress.
    Progress(Event),
    /// The job has a result.
    Completed {
        /// The job's result.
        result: String,
        /// What it cost.
        cost: Amount,
    },
    /// The job has none.
    Failed(Failure),
    /// The job was deleted while being watched.
    Deleted,
}

/// Turns a frame into the product's wire format, given what the job is watched as ([`Job::watched_as`]). `None` for what is not told.
pub type Render = fn(JobId, &Frame) -> Option<String>;

/// The number of [`Frame::Deleted`]: above every other, because the log it would follow is not known any more.
const DELETED: u32 = u32::MAX - 1;

/// A job's frames, read from the table each time: for replays.
pub struct JobFeed<'a> {
    /// Jobs of the product.
    pub jobs: &'a Jobs,
    /// Whose job.
    pub owner: UserId,
    /// Which job.
    pub job: JobId,
    /// The product's wire format.
    pub render: Render,
}

#[async_trait]
impl Feed for JobFeed<'_> {
    async fn frames(&self, from: u32) -> Result<Vec<SequencedFrame>> {
        // The job first: if it is finished, the log that is read afterwards is complete.
        let Some(job) = self.jobs.find(self.owner, self.job).await? else {
            return Ok(frames(self.job, from, &[], Some((DELETED, Frame::Deleted)), self.render));
        };
        let ending_number = job.status.is_final().then_some(job.events + 1);
        if ending_number.is_some_and(|number| from > number) {
            return Ok(Vec::new());
        }
        let log = self.jobs.log().read(self.job, from).await?;
        let ending = match ending_number {
            Some(number) => Some((number, Frame::ending(self.jobs, &job).await?)),
            None => None,
        };
        Ok(frames(job.watched_as(), from, &log, ending, self.render))
    }
}

/// A job's frames as its worker knows them, without reading anything.
pub struct Snapshot<'a> {
    /// What the job is watched as.
    pub watched_as: JobId,
    /// Its whole log.
    pub log: &'a [Recorded],
    /// How it ended, if it did.
    pub ending: Option<Frame>,
    /// The product's wire format.
    pub render: Render,
}

#[async_trait]
impl Feed for Snapshot<'_> {
    async fn frames(&self, from: u32) -> Result<Vec<SequencedFrame>> {
        let next = self.log.last().map_or(1, |recorded| recorded.number + 1);
        let ending = self.ending.clone().map(|ending| (next, ending));
        Ok(frames(self.watched_as, from, self.log, ending, self.render))
    }
}

impl Frame {
    /// How a finished job ended.
    pub async fn ending(jobs: &Jobs, job: &Job) -> Result<Self> {
        Ok(match job.status {
            Status::Completed => {
                Self::Completed { result: jobs.result(job).await?.unwrap_or_default(), cost: job.cost }
            }
            _ => Self::Failed(job.failure.unwrap_or(Failure::GenerationFailed)),
        })
    }
}

/// The frames numbered `from` and up: greeting, log, ending.
fn frames(
    watched_as: JobId,
    from: u32,
    log: &[Recorded],
    ending: Option<(u32, Frame)>,
    render: Render,
) -> Vec<SequencedFrame> {
    let greeting = std::iter::once((0, Frame::Connected));
    let progress = log.iter().map(|recorded| (recorded.number, Frame::Progress(recorded.event.clone())));
    greeting
        .chain(progress)
        .chain(ending)
        .filter(|(number, _)| *number >= from)
        .filter_map(|(number, frame)| Some(SequencedFrame { number, text: render(watched_as, &frame)? }))
        .collect()
}
