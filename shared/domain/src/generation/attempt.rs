//! Running a job from the queue: what all kinds of work have in common.

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

/// How often running work is polled for progress.
const TICK: Duration = Duration::from_millis(500);
/// Heartbeat of work without progress: it renews the lease and keeps the subscribers' connections, which close after
/// ten idle minutes.
const TICKS_PER_HEARTBEAT: u32 = 40;
/// A lease is renewed once it is this old. With the longest silence after it (20 seconds) it is well below the lease
/// itself (60).
const RENEW_AFTER: Duration = Duration::from_secs(15);

/// Runs jobs from the queue.
#[derive(Clone)]
pub struct Worker {
    /// The jobs, of any kind: the message says which.
    pub jobs: Jobs,
    pub publisher: Publisher,
    pub clock: Arc<dyn Clock>,
    /// The wire format of frames.
    pub render: Render,
}

/// A kind of work.
#[async_trait]
pub trait Work: Send + Sync {
    /// Does the work, from where the last attempt stopped according to the log.
    async fn work(&self, attempt: &mut Attempt<'_>) -> Result<Outcome, Stop>;
}

/// Why an attempt ended early.
#[derive(Debug)]
pub enum Stop {
    /// The lease is lost: another worker has the job, or it was deleted.
    Lost,
    /// The job fails.
    Failed {
        /// Shown to the owner.
        failure: Failure,
        /// For the log.
        reason: String,
    },
    /// A fault of ours; the job is tried again.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl Worker {
    /// Runs the job of a message, from where the last attempt stopped. A repeated message does nothing twice.
    pub async fn run(&self, message: WorkMessage, work: &dyn Work) -> Result<()> {
        let jobs = self.jobs.of(message.kind);
        match jobs.claim(message.owner, message.job).await? {
            // SQS may deliver a message any number of times, so the sweep's limit applies here too.
            Claim::Granted(job) if job.attempts > MAX_ATTEMPTS => {
                jobs.give_up(&job).await?;
                self.tell(message).await
            }
            Claim::Granted(job) => self.see_through(&jobs, job, work).await,
            Claim::Busy => {
                tracing::info!(job = %message.job, "job is being worked on already");
                Ok(())
            }
            // The worker that finished it may have died before it published the end.
            Claim::Finished(_) | Claim::Gone => self.tell(message).await,
        }
    }

    /// Brings the subscribers of a job up to date, whatever its state.
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
                // The message comes again only after its visibility time-out. The next sweep is sooner, and sooner than
                // the end of the lease.
                Ok(true) => return Err(error),
                // The fault is most likely that the job's objects were deleted with it.
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
            // Deleted, most likely: subscribers should get the end.
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

    /// The log so far, of this attempt and those before.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.log.iter().map(|recorded| &recorded.event)
    }

    /// The length of the log.
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

    /// Publishes the log to the subscribers.
    pub async fn tell(&self) -> Result<(), Stop> {
        Ok(self.publish(None).await?)
    }

    async fn publish(&self, ending: Option<Frame>) -> Result<()> {
        let feed = Snapshot { watched_as: self.job.watched_as(), log: &self.log, ending, render: self.worker.render };
        self.worker.publisher.publish(self.job.id, &feed).await
    }

    /// Renews the lease if it is older than [`RENEW_AFTER`]. Stops if it is lost.
    ///
    /// A renewal writes the job and its index entry, so it costs more than an event. Nobody can take over while the
    /// lease lasts; a deletion is noticed at the next renewal, at the latest at the end.
    pub async fn keep(&mut self) -> Result<(), Stop> {
        let now = self.worker.clock.now();
        if now.duration_since(self.kept).unsigned_abs() < RENEW_AFTER {
            return Ok(());
        }
        if !self.jobs.renew(self.job).await? {
            return Err(Stop::Lost);
        }
        self.kept = now;
        Ok(())
    }

    /// Waits for `work`, and meanwhile records and publishes what `progress` returns. It is polled every half second,
    /// with `true` when a heartbeat is due. The lease is renewed.
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
                        // Work with steady progress must not outlive its lease either.
                        self.keep().await?;
                        self.record(event).await?;
                        self.tell().await?;
                    }
                }
            }
        }
    }
}
