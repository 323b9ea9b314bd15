//! Running a tool in the background, step by step, with progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::MissedTickBehavior;

use super::catalogue::{Catalogue, Step, Tool};
use crate::generation::text::TextRequest;
use crate::generation::{
    Checkpoint, Claim, Event, Failure, Frame, Job, JobFeed, Jobs, MAX_ATTEMPTS, NoText, Outcome, Recorded, Render,
    Snapshot, TextRouter, WorkMessage,
};
use crate::kernel::{Clock, Error, JobId, Result, UserId};
use crate::realtime::Publisher;

/// How often a running step looks for progress to tell.
const TICK: Duration = Duration::from_millis(500);
/// Progress is told in steps of at least this many per cent: each costs a write and a frame per watcher.
const PROGRESS_STEP: u32 = 20;
/// A silent step says that it is alive this often: it keeps the lease, and the watchers' connections, which close after ten silent minutes.
const TICKS_PER_HEARTBEAT: u32 = 40;
/// A step is not done before its text is, however much of it there is.
const MAX_RUNNING_PROGRESS: u32 = 95;

/// Runs jobs from the queue.
#[derive(Clone)]
pub struct Worker {
    /// What there is to run.
    pub catalogue: Arc<Catalogue>,
    /// The jobs.
    pub jobs: Jobs,
    /// Who does the writing.
    pub router: TextRouter,
    /// Tells the watchers.
    pub publisher: Publisher,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The wire format of what watchers are told.
    pub render: Render,
}

/// Why a run ended early.
enum Stop {
    /// Somebody else has the job, or it was deleted: not ours to finish.
    Lost,
    /// No text.
    Failed(NoText),
    /// Something of ours broke; the message comes again.
    Broken(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl Worker {
    /// Runs the job of a message, from wherever the last worker stopped. A repeated message does nothing twice.
    pub async fn run(&self, message: WorkMessage) -> Result<()> {
        match self.jobs.claim(message.owner, message.job).await? {
            // The message comes again as often as the queue likes, so the sweeper's limit holds here too.
            Claim::Granted(job) if job.attempts > MAX_ATTEMPTS => {
                self.jobs.give_up(&job).await?;
                self.tell(message.owner, message.job).await
            }
            Claim::Granted(job) => self.work(job).await,
            Claim::Busy => {
                tracing::info!(job = %message.job, "job is being worked on already");
                Ok(())
            }
            // The worker that finished it may have died before telling anybody.
            Claim::Finished(_) | Claim::Gone => self.tell(message.owner, message.job).await,
        }
    }

    /// Brings the watchers of a job up to date, whatever its state.
    pub async fn tell(&self, owner: UserId, job: JobId) -> Result<()> {
        let feed = JobFeed { jobs: &self.jobs, owner, job, render: self.render };
        self.publisher.publish(job, &feed).await
    }

    async fn work(&self, job: Job) -> Result<()> {
        let log = self.jobs.log().read(job.id, 1).await?;
        let mut run = Run { worker: self, job: &job, log };
        let ending = match run.all_steps().await {
            Ok(outcome) => {
                let ending = Frame::Completed { result: outcome.text.clone(), cost: outcome.cost.min(job.price) };
                self.jobs.complete(&job, outcome).await?.map(|_| ending)
            }
            Err(Stop::Failed(reason)) => {
                tracing::warn!(job = %job.id, %reason, "generation failed");
                let failure = Failure::from(&reason);
                self.jobs.fail(&job, failure, run.length()).await?.map(|_| Frame::Failed(failure))
            }
            Err(Stop::Lost) => None,
            Err(Stop::Broken(error)) => {
                // The queue repeats the message only after its visibility time-out, which is long. The next sweep is sooner, and sooner than
                // the end of the lease.
                if let Err(error) = self.jobs.give_back(&job).await {
                    tracing::warn!(%error, job = %job.id, "lease not given up");
                }
                return Err(error);
            }
        };
        match ending {
            Some(ending) => run.publish(Some(ending)).await,
            // Deleted, most likely: whoever still watches should know.
            None => self.tell(job.owner, job.id).await,
        }
    }
}

/// One attempt at a job.
struct Run<'a> {
    worker: &'a Worker,
    job: &'a Job,
    log: Vec<Recorded>,
}

impl Run<'_> {
    async fn all_steps(&mut self) -> Result<Outcome, Stop> {
        let unusable = |reason: &str| Stop::Failed(NoText::Unusable(reason.to_owned()));
        // A tool can leave the catalogue while its jobs wait.
        let catalogue = self.worker.catalogue.clone();
        let tool = catalogue.find(&self.job.subject).ok_or_else(|| unusable("tool is not in the catalogue"))?;
        let input = self.worker.jobs.input(self.job).await?;
        let input: Map<String, Value> =
            serde_json::from_str(&input).map_err(|error| Error::internal("stored input", error))?;
        let steps = tool.steps(self.job.mode);
        let total = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        let mut previous: Option<Checkpoint> = None;
        let mut tokens_used = 0;
        for (step, number) in steps.iter().zip(1..) {
            let checkpoint = match self.checkpoint(number) {
                Some(done) => done,
                None => self.step(tool, step, number, total, &input, previous.as_ref()).await?,
            };
            tokens_used += checkpoint.tokens;
            previous = Some(checkpoint);
        }
        let last = previous.ok_or_else(|| unusable("tool has no steps"))?;
        let text = self.worker.jobs.log().load_output(&last).await?;
        Ok(Outcome { text, provider: last.provider, tokens_used, cost: tool.price(tokens_used), events: self.length() })
    }

    async fn step(
        &mut self,
        tool: &Tool,
        step: &Step,
        number: u32,
        total: u32,
        input: &Map<String, Value>,
        previous: Option<&Checkpoint>,
    ) -> Result<Checkpoint, Stop> {
        // A job that was deleted, or taken over, is not worth another model call.
        if number > 1 && !self.worker.jobs.renew(self.job).await? {
            return Err(Stop::Lost);
        }
        if !self.is_started(number) {
            self.record(Event::StepStarted { step: number, name: step.name.clone(), total }).await?;
        }
        // Tells the end of the step before as well: its events are only a moment old.
        self.publish(None).await?;
        let log = self.worker.jobs.log().clone();
        let previous = match previous {
            Some(checkpoint) => Some(log.load_output(checkpoint).await?),
            None => None,
        };
        let request = tool.request(step, input, previous.as_deref())?;
        let (provider, output) = self.write(tool, number, &request).await?;
        let text = output.text.trim().to_owned();
        let output_body = log.store_output(self.job, number, text).await?;
        let checkpoint = Checkpoint { output: output_body, provider, tokens: output.tokens.total() };
        if self.progress(number) < 100 {
            self.record(Event::StepProgress { step: number, progress: 100 }).await?;
        }
        self.record(Event::StepCompleted { step: number, checkpoint: checkpoint.clone() }).await?;
        Ok(checkpoint)
    }

    /// Calls the model, telling progress while it writes.
    async fn write(
        &mut self,
        tool: &Tool,
        number: u32,
        request: &TextRequest,
    ) -> Result<(crate::generation::ProviderId, crate::generation::text::TextOutput), Stop> {
        let written = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&written);
        let mut on_text = move |piece: &str| {
            let characters = u32::try_from(piece.chars().count()).unwrap_or(u32::MAX);
            counter.fetch_add(characters, Ordering::Relaxed);
        };
        let router = self.worker.router.clone();
        let writing = router.write(&tool.providers, request, &mut on_text);
        tokio::pin!(writing);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut silent: u32 = 0;
        loop {
            tokio::select! {
                biased;
                text = &mut writing => return text.map_err(Stop::Failed),
                _ = ticks.tick() => {
                    silent += 1;
                    let told = self.progress(number);
                    let now = estimated_progress(written.load(Ordering::Relaxed), tool.max_output_tokens);
                    let heartbeat = silent >= TICKS_PER_HEARTBEAT;
                    if now >= told + PROGRESS_STEP || heartbeat {
                        silent = 0;
                        // A step that writes steadily must not outlive its lease either.
                        if !self.worker.jobs.renew(self.job).await? {
                            return Err(Stop::Lost);
                        }
                        self.record(Event::StepProgress { step: number, progress: now.max(told) }).await?;
                        self.publish(None).await?;
                    }
                }
            }
        }
    }

    /// Writes an event to the log.
    async fn record(&mut self, event: Event) -> Result<(), Stop> {
        let number = self.length() + 1;
        let now = self.worker.clock.now();
        if !self.worker.jobs.log().append(self.job.id, number, event.clone(), now).await? {
            return Err(Stop::Lost);
        }
        self.log.push(Recorded { number, event });
        Ok(())
    }

    /// Tells the watchers what the log has, and the ending if there is one.
    async fn publish(&self, ending: Option<Frame>) -> Result<()> {
        let feed = Snapshot { job: self.job.id, log: &self.log, ending, render: self.worker.render };
        self.worker.publisher.publish(self.job.id, &feed).await
    }

    fn length(&self) -> u32 {
        self.log.last().map_or(0, |recorded| recorded.number)
    }

    fn is_started(&self, number: u32) -> bool {
        self.log.iter().any(|recorded| matches!(&recorded.event, Event::StepStarted { step, .. } if *step == number))
    }

    fn progress(&self, number: u32) -> u32 {
        let progress = |recorded: &Recorded| match &recorded.event {
            Event::StepProgress { step, progress } if *step == number => Some(*progress),
            _ => None,
        };
        self.log.iter().filter_map(progress).max().unwrap_or(0)
    }

    fn checkpoint(&self, number: u32) -> Option<Checkpoint> {
        self.log.iter().find_map(|recorded| match &recorded.event {
            Event::StepCompleted { step, checkpoint } if *step == number => Some(checkpoint.clone()),
            _ => None,
        })
    }
}

/// Per cent of a text, judged by its length: most texts use about half of what they may, at some three characters to a token.
fn estimated_progress(characters: u32, max_output_tokens: u32) -> u32 {
    let expected = (max_output_tokens.saturating_mul(3) / 2).max(1);
    (characters.saturating_mul(100) / expected).min(MAX_RUNNING_PROGRESS)
}
