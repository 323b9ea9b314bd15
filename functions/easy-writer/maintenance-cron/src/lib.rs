//! Easy Writer: every minute, sweeps up interrupted jobs.
//!
//! A job whose worker died or whose message was never sent is queued again. After too many attempts it fails, its hold
//! is released and its subscribers get an error frame.

use std::sync::Arc;

use domain::easy_writer::PRODUCT;
use domain::generation::{JobFeed, Jobs, SweptJob, WorkMessage};
use domain::kernel::telemetry::{self, Metric};
use domain::kernel::{Error, JobKind, Result};
use domain::realtime::Publisher;
use edge::easy_writer::frames::render;
use edge::{ConfigError, Function, Platform, Registration};
use store::Queue;

pub const FUNCTION: Registration = Registration::new(PRODUCT, "maintenance-cron", start);

fn start(platform: &Platform) -> std::result::Result<Function, ConfigError> {
    let table = platform.table()?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let publisher = platform.publisher(&table)?;
    let queues = Queues { texts: platform.queue("GENERATION_QUEUE_URL")?, images: platform.queue("IMAGE_QUEUE_URL")? };
    let jobs = Jobs::new(table, platform.objects()?, clock, ids);
    Ok(Function::schedule(move || sweep(jobs.clone(), queues.clone(), publisher.clone())))
}

/// Queues per kind of job.
#[derive(Clone)]
struct Queues {
    texts: Queue,
    images: Queue,
}

impl Queues {
    fn of(&self, kind: JobKind) -> Queue {
        match kind {
            JobKind::Text => self.texts.clone(),
            JobKind::Image | JobKind::Upscale => self.images.clone(),
        }
    }
}

async fn sweep(jobs: Jobs, queues: Queues, publisher: Publisher) -> Result<()> {
    let mut swept = jobs.sweep(|kind| queues.of(kind)).await;
    let failed: Vec<WorkMessage> = swept.done.iter().filter_map(SweptJob::failed).collect();
    let requeued = swept.done.len() - failed.len();
    telemetry::note(Metric::JOBS_OVERDUE, requeued as u64);
    telemetry::note(Metric::JOBS_GIVEN_UP, failed.len() as u64);
    tracing::info!(requeued, failed = failed.len(), "swept");
    for WorkMessage { owner, kind, job } in failed {
        let feed = JobFeed { jobs: &jobs.of(kind), owner, job, render: render(kind) };
        if let Err(error) = publisher.publish(job, &feed).await {
            tracing::error!(%error, %job, "subscribers not told");
            swept.problems += 1;
        }
    }
    // Everything else is done. The failed invocation raises the alarm.
    match swept.problems {
        0 => Ok(()),
        problems => Err(Error::internal("sweep", format!("{problems} problems"))),
    }
}
