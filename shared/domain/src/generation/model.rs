//! Jobs and their outcomes.

use store::Body;
use uuid::Uuid;

use super::ProviderId;
use crate::idempotency::Request;
use crate::kernel::{Amount, JobId, JobKind, Timestamp, UserId};

/// How a job is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In one step while the caller waits.
    Quick,
    /// In the background, step by step; the caller subscribes to progress.
    Standard,
}

/// Status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waiting for a worker.
    Pending,
    /// A worker has its lease.
    InProgress,
    Completed,
    /// Final, without a result; nothing was charged.
    Failed,
}

impl Job {
    /// The job whose channel its progress is sent to: for a larger copy, the original picture.
    pub fn watched_as(&self) -> JobId {
        self.source.unwrap_or(self.id)
    }
}

impl Status {
    /// Whether the job is finished.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// Why a job failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No vendor could be reached.
    ProviderUnavailable,
    /// Vendors returned nothing usable, or the job was tried too often.
    GenerationFailed,
}

/// A request to start a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Also the ledger operation that pays for the job.
    pub id: JobId,
    pub owner: UserId,
    /// The product's name for the kind of work, such as a tool's id.
    pub subject: String,
    /// The kind of work in the owner's language; the ledger entry's description.
    pub title: String,
    pub mode: Mode,
    /// The product's input, as text.
    pub input: String,
    /// The amount to hold; none for a free job.
    pub price: Amount,
    /// The completed job that this one continues.
    pub source: Option<Source>,
    /// The caller's idempotency key.
    pub request: Option<Request>,
}

/// A completed job that another one continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub kind: JobKind,
    pub id: JobId,
    /// The last job that continued it, as read by the caller. Of two concurrent starts, one fails on this.
    pub successor: Option<JobId>,
}

/// Result of starting a job.
#[derive(Debug)]
pub enum Started {
    New(Job),
    /// The request was a replay; this is the job of the first one, as it is now.
    Before(Job),
}

/// A generation job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub owner: UserId,
    /// The job that it continues.
    pub source: Option<JobId>,
    /// The last job that continued it.
    pub successor: Option<JobId>,
    pub subject: String,
    /// The kind of work in the owner's language.
    pub title: String,
    pub mode: Mode,
    pub status: Status,
    pub input: Body,
    /// The amount held.
    pub price: Amount,
    /// The token of the present holder's lease.
    pub lease: Option<Uuid>,
    /// How often a worker has claimed it.
    pub attempts: u32,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub result: Option<Body>,
    /// The beginning of the result.
    pub preview: String,
    pub provider: Option<ProviderId>,
    /// Tokens used by all its model calls.
    pub tokens_used: u64,
    /// The amount captured.
    pub cost: Amount,
    pub failure: Option<Failure>,
    /// Length of its log, once finished.
    pub events: u32,
}

/// The result of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The text; for other kinds, the product's description of the result.
    pub text: String,
    /// The beginning of it, for lists.
    pub preview: String,
    pub provider: ProviderId,
    /// Tokens used by all model calls.
    pub tokens_used: u64,
    /// The amount to capture; capped by the job's price.
    pub cost: Amount,
    /// Length of the job's log.
    pub events: u32,
}

/// Result of claiming a job.
#[derive(Debug)]
pub enum Claim {
    /// The caller has the lease, which the job carries.
    Granted(Job),
    /// Another worker has the lease.
    Busy,
    Finished(Job),
    /// The job was deleted.
    Gone,
}

/// The beginning of a text, for lists: up to 100 characters on one line, cut at a word where possible.
pub fn preview(text: &str) -> String {
    const LENGTH: usize = 100;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((cut, _)) = line.char_indices().nth(LENGTH) else { return line };
    let head = line.get(..cut).unwrap_or_default();
    let at_word = head.rsplit_once(' ').map_or(head, |(words, _)| words);
    format!("{at_word}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_are_short_single_lines() {
        assert_eq!(preview("Привет\n\n  мир"), "Привет мир");
        let long = preview(&"слово ".repeat(50));
        assert!(long.chars().count() <= 101, "{long}");
        assert!(long.ends_with("слово…"), "{long}");
        assert_eq!(preview(&"а".repeat(300)).chars().count(), 101);
    }
}
