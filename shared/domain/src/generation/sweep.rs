//! Finding jobs whose message or worker got lost.

use store::Queue;

use super::items::{JobItem, OPEN_JOBS};
use super::model::{Claim, Job};
use super::service::{Jobs, MAX_ATTEMPTS, WorkMessage};
use crate::due::{DueItem, MAX_PER_SHARD, Swept};
use crate::kernel::{JobId, JobKind, Result, UserId};

/// What a sweep did with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweptJob {
    /// Its message was sent again.
    Requeued,
    /// It was begun too often and has failed now.
    Failed(WorkMessage),
}

impl SweptJob {
    /// The message of a job that has failed now.
    pub fn failed(&self) -> Option<WorkMessage> {
        match self {
            Self::Requeued => None,
            Self::Failed(message) => Some(*message),
        }
    }
}

impl Jobs {
    /// Sends the jobs of all kinds whose due time has passed to their `queue` again, and fails those that were begun
    /// too often.
    pub async fn sweep(&self, queue: impl Fn(JobKind) -> Queue) -> Swept<SweptJob> {
        let now = self.clock.now();
        OPEN_JOBS.sweep(&self.table, now, Some(MAX_PER_SHARD), |due| self.sweep_one(due, &queue)).await
    }

    async fn sweep_one(
        &self,
        due: DueItem<(UserId, JobKind, JobId)>,
        queue: &impl Fn(JobKind) -> Queue,
    ) -> Result<Option<SweptJob>> {
        let (owner, kind, id) = due.name;
        let jobs = self.of(kind);
        let message = jobs.message(owner, id);
        let Some(job) = due.load::<JobItem>(&self.table).await?.map(Job::from) else { return Ok(None) };
        if job.attempts < MAX_ATTEMPTS {
            let sent = due.resend(&self.table, &queue(kind), &message, self.clock.now()).await?;
            return Ok(sent.then_some(SweptJob::Requeued));
        }
        let Claim::Granted(job) = jobs.claim(owner, id).await? else { return Ok(None) };
        Ok(jobs.give_up(&job).await?.map(|_| SweptJob::Failed(message)))
    }
}
