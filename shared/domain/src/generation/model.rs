//! Jobs and what becomes of them.

use store::Body;
use uuid::Uuid;

use super::ProviderId;
use crate::idempotency::Request;
use crate::kernel::{Amount, JobId, JobKind, Timestamp, UserId};

/// How a job is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// At once, in one step, the caller waits.
    Quick,
    /// In the background, step by step, the caller watches.
    Standard,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nobody works on it yet.
    Pending,
    /// Somebody does.
    InProgress,
    /// It has a result.
    Completed,
    /// It has none and never will; nothing was charged.
    Failed,
}

impl Job {
    /// What its watchers know it by: a larger copy is watched as the picture that it is of.
    pub fn watched_as(&self) -> JobId {
        self.source.unwrap_or(self.id)
    }
}

impl Status {
    /// Whether the job is finished, for better or worse.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// Why a job failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No vendor could be reached.
    ProviderUnavailable,
    /// Vendors answered, but with nothing usable; or the job was tried too often.
    GenerationFailed,
}

/// A request to start a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Its id, which is also the ledger operation that pays for it.
    pub id: JobId,
    /// Who pays and may look.
    pub owner: UserId,
    /// What the product calls the kind of work: a tool's id.
    pub subject: String,
    /// The kind of work in the owner's words; the ledger entry's description.
    pub title: String,
    /// How to run it.
    pub mode: Mode,
    /// The product's input, as text.
    pub input: String,
    /// The most it may cost. Nothing is held for a job that costs nothing.
    pub price: Amount,
    /// The completed job whose result it goes on from, if it does.
    pub source: Option<Source>,
    /// How a repeat of the same request is known.
    pub request: Option<Request>,
}

/// A completed job that another one goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its kind.
    pub kind: JobKind,
    /// Its id.
    pub id: JobId,
    /// The last job that went on from it, as far as the caller knows. Two that start at once know the same, and one of them loses.
    pub successor: Option<JobId>,
}

/// The answer to "start this job".
#[derive(Debug)]
pub enum Started {
    /// It was started.
    New(Job),
    /// The same request was made before; this is the job as it is now.
    Before(Job),
}

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What it makes.
    pub kind: JobKind,
    /// Who pays and may look.
    pub owner: UserId,
    /// The job whose result it goes on from.
    pub source: Option<JobId>,
    /// The last job that went on from its result.
    pub successor: Option<JobId>,
    /// Kind of work.
    pub subject: String,
    /// Kind of work in the owner's words.
    pub title: String,
    /// How it is run.
    pub mode: Mode,
    /// How far it has come.
    pub status: Status,
    /// The product's input.
    pub input: Body,
    /// What was held for it.
    pub price: Amount,
    /// The token of the present holder's lease.
    pub lease: Option<Uuid>,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it was finished.
    pub completed_at: Option<Timestamp>,
    /// What it made, once completed.
    pub result: Option<Body>,
    /// The beginning of the result.
    pub preview: String,
    /// Who made it.
    pub provider: Option<ProviderId>,
    /// Tokens used by all its model calls.
    pub tokens_used: u64,
    /// What it cost.
    pub cost: Amount,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// How many events its log has, once it is finished.
    pub events: u32,
}

/// What a job made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The text; of other kinds, what the product wants to know about the result.
    pub text: String,
    /// The beginning of it, for lists.
    pub preview: String,
    /// Who made it.
    pub provider: ProviderId,
    /// Tokens used by all model calls.
    pub tokens_used: u64,
    /// What to charge; capped by the job's price.
    pub cost: Amount,
    /// How many events the job's log has.
    pub events: u32,
}

/// The answer to "may I work on this job?"
#[derive(Debug)]
pub enum Claim {
    /// Yes; the job carries the lease.
    Granted(Job),
    /// Somebody else is working on it.
    Busy,
    /// There is nothing left to do.
    Finished(Job),
    /// It was deleted.
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
