//! Easy Writer: runs background sessions.
//!
//! Queue: `GenerationQueue`, messages [`WorkMessage`]. A message may come any number of times: the job's lease decides
//! which worker runs it.

use std::sync::Arc;

use domain::easy_writer::{Catalogue, PRODUCT, ToolWork};
use domain::generation::{Jobs, WorkMessage, Worker};
use domain::kernel::JobKind;
use edge::easy_writer::frames::render;
use edge::{ConfigError, Function, Platform, Registration, malformed};
use vendors::text::{TextVendorsSettings, text_models};

pub const FUNCTION: Registration = Registration::new(PRODUCT, "generation-worker", start);

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let settings = TextVendorsSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let work = ToolWork {
        catalogue: Arc::new(Catalogue::load().map_err(|error| malformed("tool catalogue", &error))?),
        models: text_models(settings, &clock, &ids),
    };
    let worker = Worker {
        publisher: platform.publisher(&table)?,
        jobs: Jobs::new(table, platform.objects()?, Arc::clone(&clock), ids),
        clock,
        render: render(JobKind::Text),
    };
    Ok(Function::sqs(move |message: WorkMessage| {
        let (worker, work) = (worker.clone(), work.clone());
        async move { worker.run(message, &work).await }
    }))
}
