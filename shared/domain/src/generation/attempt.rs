//! Working on a job from the queue: what all kinds of work have in common.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::MissedTickBehavior;

use super::feed::{Frame, JobFeed, Render, Snapshot};
use super::model::{Claim, Failure, Job, Outcome};
use super::progress::{Event, Recorded};
use super::service::{Jobs, MAX_ATTEMPTS, WorkMessage};
use crate::kernel::{Clock, Error, Result, Timestamp};
use crate::realtime::Publisher;

/// How often running work looks for progress to tell.
const TICK: Duration = Duration::from_millis(500);
/// Silent work says that it is alive this often: it keeps the lease, and the watchers' connections, which close after ten silent minutes.
const TICKS_PER_HEARTBEAT: u32 = 40;
/// How long a lease counts as fresh. With the longest silence after it (20 seconds) it is well below the lease itself (60).
const FRESH: Duration = Duration::from_secs(15);

/// Takes jobs from the queue and sees them through.
#[derive(Clone)]
pub struct Worker {
    /// The jobs, of any kind: the message says which.
    pub jobs: Jobs,
    /// Tells the watchers.
    pub publisher: Publisher,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The wire format of what watchers are told.
    pub render: Render,
}

/// A kind of work.
#[async_trait]
pub trait Work: Send + Sync {
    /// Does the work, going on from where the log says that the last attempt stopped.
    async fn work(&self, attempt: &mut Attempt<'_>) -> Result<Outcome, Stop>;
}

/// Why an attempt ended early.
#[derive(Debug)]
pub enum Stop {
    /// Somebody else has the job, or it was deleted: not ours to finish.
    Lost,
    /// There is no result and will be none.
    Failed {
        /// What the owner is told.
        failure: Failure,
        /// Why, for the log.
        reason: String,
    },
    /// Something of ours broke; the job is tried again.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl Worker {
    /// Works on the job of a message, from wherever the last attempt stopped. A repeated message does nothing twice.
    pub async fn run(&self, message: WorkMessage, work: &dyn Work) -> Result<()> {
        let jobs = self.jobs.of(message.kind);
        match jobs.claim(message.owner, message.job).await? {
            // The message comes again as often as the queue likes, so the sweeper's limit holds here too.
            Claim::Granted(job) if job.attempts > MAX_ATTEMPTS => {
                jobs.give_up(&job).await?;
                self.tell(message).await
            }
            Claim::Granted(job) => self.see_through(&jobs, job, work).await,
            Claim::Busy => {
                tracing::info!(job = %message.job, "job is being worked on already");
                Ok(())
            }
            // The worker that finished it may have died before telling anybody.
            Claim::Finished(_) | Claim::Gone => self.tell(message).await,
        }
    }

    /// Brings the watchers of a job up to date, whatever its state.
    pub async fn tell(&self, message: WorkMessage) -> Result<()> {
        let jobs = self.jobs.of(message.kind);
        let feed = JobFeed { jobs: &jobs, owner: message.owner, job: message.job, render: self.render };
        self.publisher.publish(message.job, &feed).await
    }

    async fn see_through(&self, jobs: &Jobs, job: Job, work: &dyn Work) -> Result<()> {
        let log = jobs.log().read(job.id, 1).await?;
        let mut attempt = Attempt { worker: self, jobs, job: &job, log, kept: self.clock.now() };
        let ending = match work.work(&mut attempt).await {
            Ok(outcome) => {
                let ending = Frame::Completed { result: outcome.text.clone(), cost: outcome.cost.min(job.price) };
                jobs.complete(&job, outcome).await?.map(|_| ending)
            }
            Err(Stop::Failed { failure, reason }) => {
                tracing::warn!(job = %job.id, %reason, "generation failed");
                jobs.fail(&job, failure, attempt.length()).await?.map(|_| Frame::Failed(failure))
            }
            Err(Stop::Lost) => None,
            Err(Stop::Broken(error)) => match jobs.give_back(&job).await {
                // The queue repeats the message only after its visibility time-out, which is long. The next sweep is sooner, and sooner than
                // the end of the lease.
                Ok(true) => return Err(error),
                // What broke is most likely what was deleted with the job.
                Ok(false) => {
                    tracing::info!(job = %job.id, %error, "the job is not ours any more");
                    None
                }
                Err(not_given_up) => {
                    tracing::warn!(error = %not_given_up, job = %job.id, "lease not given up");
                    return Err(error);
                }
            },
        };
        match ending {
            Some(ending) => attempt.publish(Some(ending)).await,
            // Deleted, most likely: whoever still watches should know.
            None => self.tell(jobs.message(job.owner, job.id)).await,
        }
    }
}

/// One attempt at a job, by the holder of its lease.
pub struct Attempt<'a> {
    worker: &'a Worker,
    jobs: &'a Jobs,
    job: &'a Job,
    log: Vec<Recorded>,
    /// When the lease was taken or last renewed.
    kept: Timestamp,
}

impl<'a> Attempt<'a> {
    /// The job.
    pub fn job(&self) -> &'a Job {
        self.job
    }

    /// The jobs of its kind.
    pub fn jobs(&self) -> &'a Jobs {
        self.jobs
    }

    /// What has happened so far, in this attempt and those before.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.log.iter().map(|recorded| &recorded.event)
    }

    /// How many events there are.
    pub fn length(&self) -> u32 {
        self.log.last().map_or(0, |recorded| recorded.number)
    }

    /// Writes an event to the log.
    pub async fn record(&mut self, event: Event) -> Result<(), Stop> {
        let number = self.length() + 1;
        let now = self.worker.clock.now();
        if !self.jobs.log().append(self.job.id, number, event.clone(), now).await? {
            return Err(Stop::Lost);
        }
        self.log.push(Recorded { number, event });
        Ok(())
    }

    /// Tells the watchers what the log has.
    pub async fn tell(&self) -> Result<(), Stop> {
        Ok(self.publish(None).await?)
    }

    async fn publish(&self, ending: Option<Frame>) -> Result<()> {
        let feed = Snapshot { watched_as: self.job.watched_as(), log: &self.log, ending, render: self.worker.render };
        self.worker.publisher.publish(self.job.id, &feed).await
    }

    /// Prolongs the lease, if it is not fresh; a job that was deleted or taken over is not worth going on with.
    ///
    /// A renewal writes the job and its place in the index, so it costs more than the events that it goes with. Nobody can take over while
    /// the lease lasts; one who deletes the job meanwhile is noticed with the next renewal, or at the latest at the end.
    pub async fn keep(&mut self) -> Result<(), Stop> {
        let now = self.worker.clock.now();
        if now.duration_since(self.kept).unsigned_abs() < FRESH {
            return Ok(());
        }
        if !self.jobs.renew(self.job).await? {
            return Err(Stop::Lost);
        }
        self.kept = now;
        Ok(())
    }

    /// Waits for `work` and records and tells meanwhile what `progress` comes up with. It is asked every half second, and with `true` when
    /// nothing was told for so long that any event will do as a sign of life. The lease is kept.
    pub async fn watch<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut progress: impl FnMut(&Self, bool) -> Option<Event>,
    ) -> Result<T, Stop> {
        tokio::pin!(work);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent: u32 = 0;
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                _ = ticks.tick() => {
                    silent += 1;
                    if let Some(event) = progress(self, silent >= TICKS_PER_HEARTBEAT) {
                        silent = 0;
                        // Work that tells steadily must not outlive its lease either.
                        self.keep().await?;
                        self.record(event).await?;
                        self.tell().await?;
                    }
                }
            }
        }
    }
}
