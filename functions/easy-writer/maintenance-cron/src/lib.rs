//! Easy Writer: once a minute, finds sessions that got stuck, and repairs them.
//!
//! A session whose worker died, or whose message was never sent, goes to the queue again; one that was tried too often fails, its hold is
//! released and its watchers are told.

use std::sync::Arc;

use domain::generation::{JobFeed, Jobs};
use domain::kernel::{Error, Result};
use domain::realtime::Publisher;
use edge::frames::easy_writer::render;
use edge::{ConfigError, Function, Platform};
use store::Queue;

/// The function.
pub fn function(platform: &Platform) -> std::result::Result<Function, ConfigError> {
    let table = platform.table()?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let publisher = platform.publisher(&table)?;
    let queue = platform.queue("GENERATION_QUEUE_URL")?;
    let jobs = Jobs::new(table, platform.objects()?, clock, ids);
    Ok(Function::schedule(move || sweep(jobs.clone(), queue.clone(), publisher.clone())))
}

async fn sweep(jobs: Jobs, queue: Queue, publisher: Publisher) -> Result<()> {
    let mut swept = jobs.sweep(&queue).await;
    tracing::info!(requeued = swept.requeued, failed = swept.failed.len(), "swept");
    for (owner, job) in swept.failed {
        let feed = JobFeed { jobs: &jobs, owner, job, render };
        if let Err(error) = publisher.publish(job, &feed).await {
            tracing::error!(%error, %job, "watchers not told");
            swept.problems += 1;
        }
    }
    // Everything else is done; the failed invocation is what an operator is alarmed by.
    match swept.problems {
        0 => Ok(()),
        problems => Err(Error::internal("sweep", format!("{problems} problems"))),
    }
}
