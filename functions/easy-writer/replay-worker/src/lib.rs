//! Easy Writer: sends new WebSocket connections the frames so far.
//!
//! Queue: `ReplayQueue`, messages [`ReplayMessage`]. A connection that cannot be reached now is retried.

use std::sync::Arc;

use domain::easy_writer::PRODUCT;
use domain::generation::{JobFeed, Jobs};
use domain::kernel::{Dependency, Error, Result};
use domain::realtime::{Publisher, ReplayMessage};
use edge::easy_writer::frames::render;
use edge::{ConfigError, Function, Platform, Registration};

pub const FUNCTION: Registration = Registration::new(PRODUCT, "replay-worker", start);

fn start(platform: &Platform) -> std::result::Result<Function, ConfigError> {
    let table = platform.table()?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let publisher = platform.publisher(&table)?;
    let jobs = Jobs::new(table, platform.objects()?, clock, ids);
    Ok(Function::sqs(move |message| replay(publisher.clone(), jobs.clone(), message)))
}

async fn replay(publisher: Publisher, jobs: Jobs, message: ReplayMessage) -> Result<()> {
    let jobs = jobs.of(message.kind);
    let feed = JobFeed { jobs: &jobs, owner: message.owner, job: message.channel, render: render(message.kind) };
    if publisher.replay(message.channel, &message.connection, &feed).await? {
        Ok(())
    } else {
        Err(Error::Unavailable { dependency: Dependency::Sockets, source: "connection cannot be reached now".into() })
    }
}
