//! Easy Writer: generates and upscales images.
//!
//! Queue: `ImageQueue`, messages [`WorkMessage`]. A message may come any number of times: the job's lease decides which
//! worker runs it.

mod image_processor;

use std::sync::Arc;

use domain::easy_writer::{ImageWork, PRODUCT};
use domain::generation::{Jobs, WorkMessage, Worker};
use domain::kernel::JobKind;
use edge::easy_writer::frames::render;
use edge::{ConfigError, Function, Platform, Registration, malformed};
use vendors::image::{ImageVendorsSettings, enlarger, image_models};

pub const FUNCTION: Registration = Registration::new(PRODUCT, "image-worker", start);

fn start(platform: &Platform) -> Result<Function, ConfigError> {
    let table = platform.table()?;
    let objects = platform.objects()?;
    let (clock, ids) = (Arc::clone(&platform.clock), Arc::clone(&platform.ids));
    let settings = ImageVendorsSettings::read(|name| platform.vars.get(name));
    let settings = settings.map_err(|error| malformed(error.name, &error.reason))?;
    let work = ImageWork {
        enlarger: enlarger(&settings, &clock),
        models: image_models(settings, &clock, &ids),
        image_processor: Arc::new(image_processor::Pictures),
        objects: objects.clone(),
        clock: Arc::clone(&clock),
    };
    let worker = Worker {
        publisher: platform.publisher(&table)?,
        jobs: Jobs::new(table, objects, Arc::clone(&clock), ids),
        clock,
        render: render(JobKind::Image),
    };
    Ok(Function::sqs(move |message: WorkMessage| {
        let (worker, work) = (worker.clone(), work.clone());
        async move { worker.run(message, &work).await }
    }))
}
