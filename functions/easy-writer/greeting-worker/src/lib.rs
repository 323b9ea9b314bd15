//! Easy Writer: sends new WebSocket connections the frames so far.
//!
//! Queue: `GreetingQueue`, messages [`GreetMessage`]. A connection that cannot be reached now is retried.

use std::sync::Arc;

use domain::easy_writer::PRODUCT;
use domain::generation::{JobFeed, Jobs};
use domain::kernel::{Dependency, Error, Result};
use domain::realtime::{GreetMessage, Publisher};
use edge::easy_writer::frames::render;
use edge::{ConfigError, Function, Platform, Registration};

pub const FUNCTION: Registration = Registration::new(PRODUCT, "greeting-worker", start);

fn start(platform: &Platform) -> std::result::Result<Function, ConfigError> {
    let table = platform.table()?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let publisher = platform.publisher(&table)?;
    let jobs = Jobs::new(table, platform.objects()?, clock, ids);
    Ok(Function::sqs(move |message| greet(publisher.clone(), jobs.clone(), message)))
}

async fn greet(publisher: Publisher, jobs: Jobs, message: GreetMessage) -> Result<()> {
    let jobs = jobs.of(message.kind);
    let feed = JobFeed { jobs: &jobs, owner: message.owner, job: message.channel, render: render(message.kind) };
    if publisher.greet(message.channel, &message.connection, &feed).await? {
        Ok(())
    } else {
        Err(Error::Unavailable { dependency: Dependency::Sockets, source: "connection cannot be reached now".into() })
    }
}
