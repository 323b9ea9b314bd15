//! Background generation and upscaling of images, with progress.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use store::Objects;
use uuid::Uuid;

use super::images::{IMAGE_PRICE, ImageOrder, Picture, parse_scale};
use crate::gateway::ProviderError;
use crate::generation::image::{Collected, ImageRequest, Ordered, SharedEnlarger, SharedImageModel};
use crate::generation::{Attempt, Event, Failure, Outcome, ProviderId, Stop, Work};
use crate::kernel::{Amount, Clock, Error, JobKind, Result};

/// Time limit of a vendor for one image.
const RUN_TIMEOUT: Duration = Duration::from_mins(8);
/// Usual time of vendors, to estimate progress.
const DEFAULT_DURATION: Duration = Duration::from_secs(40);
/// Smallest step of progress, in per cent: each costs a write and a frame per subscriber.
const PROGRESS_STEP: u32 = 15;
/// Progress of an image that only needs processing.
const DRAWN: u32 = 90;
/// Longest side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 320;

/// An image file of the ordered size, and its thumbnail.
pub struct ProcessedImage {
    /// PNG.
    pub png: Vec<u8>,
    /// JPEG; empty for an upscaled copy.
    pub thumbnail: Option<Vec<u8>>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pixels of the vendor's file.
    pub drawn_width: u32,
    /// Pixels of the vendor's file.
    pub drawn_height: u32,
}

/// Processes vendors' images. Takes processor time: callers keep it off the async threads.
pub trait ImageProcessor: Send + Sync {
    /// Converts a vendor's file to a PNG of exactly `width` by `height`, and a thumbnail whose longer side is `thumbnail`.
    /// The error is for the log.
    fn develop(&self, file: &[u8], width: u32, height: u32, thumbnail: u32) -> Result<ProcessedImage, String>;

    /// Upscales one of our PNGs by `scale`. The error is for the log.
    fn enlarge(&self, png: &[u8], scale: u32) -> Result<ProcessedImage, String>;
}

/// Generates and upscales images for the image worker.
#[derive(Clone)]
pub struct ImageWork {
    /// In order of preference.
    pub models: Vec<SharedImageModel>,
    /// The configured vendor for upscaling; what it does not take is upscaled here.
    pub enlarger: Option<SharedEnlarger>,
    pub image_processor: Arc<dyn ImageProcessor>,
    pub objects: Objects,
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Work for ImageWork {
    async fn work(&self, attempt: &mut Attempt<'_>) -> Result<Outcome, Stop> {
        // Publishes to those who watch already, also what an earlier attempt could not.
        attempt.tell().await?;
        match attempt.job().kind {
            JobKind::Upscale => self.enlarge(attempt).await,
            JobKind::Image | JobKind::Text => self.draw(attempt).await,
        }
    }
}

impl ImageWork {
    async fn draw(&self, attempt: &mut Attempt<'_>) -> Result<Outcome, Stop> {
        let job = attempt.job();
        let order = ImageOrder::parse(&attempt.jobs().input(job).await?)?;
        let (width, height) = order.format.size();
        let request = ImageRequest { prompt: order.prompt, style: order.style, width, height };
        let (provider, drawing) = match drawn(attempt) {
            Some(drawn) => drawn,
            None => self.have_drawn(attempt, &request).await?,
        };
        let file = attempt.jobs().log().load_drawing(&drawing).await?;
        let image_processor = Arc::clone(&self.image_processor);
        let developed =
            self.develop(attempt, move || image_processor.develop(&file, width, height, THUMBNAIL), DRAWN).await?;
        self.deliver(attempt, developed, provider, IMAGE_PRICE).await
    }

    async fn enlarge(&self, attempt: &mut Attempt<'_>) -> Result<Outcome, Stop> {
        let job = attempt.job();
        let images = attempt.jobs().of(JobKind::Image);
        let scale = parse_scale(&attempt.jobs().input(job).await?)?;
        let source = images.get(job.owner, job.watched_as()).await?;
        let picture = images.result(&source).await?.ok_or_else(|| missing("result of the picture"))?;
        let picture = Picture::parse(&picture)?;
        let png = self.objects.get(&picture.object).await.map_err(Error::from)?;
        let png = png.ok_or_else(|| missing("object of the picture"))?;
        if let Some((enlarger, file)) = self.enlarged_by_vendor(attempt, &picture, &png, scale.factor()).await? {
            let (width, height) = (picture.width * scale.factor(), picture.height * scale.factor());
            let image_processor = Arc::clone(&self.image_processor);
            match self.develop(attempt, move || image_processor.develop(&file, width, height, THUMBNAIL), 0).await {
                Ok(copy) => {
                    let (drawn_width, drawn_height) = (picture.width, picture.height);
                    let copy = ProcessedImage { thumbnail: None, drawn_width, drawn_height, ..copy };
                    return self.deliver(attempt, copy, enlarger, Amount::ZERO).await;
                }
                Err(Stop::Failed { reason, .. }) => {
                    tracing::warn!(%enlarger, reason, job = %attempt.job().id, "the enlarger's file is of no use");
                }
                Err(stop) => return Err(stop),
            }
        }
        let provider = source.provider.ok_or_else(|| missing("vendor of the picture"))?;
        let image_processor = Arc::clone(&self.image_processor);
        let developed = self.develop(attempt, move || image_processor.enlarge(&png, scale.factor()), 0).await?;
        self.deliver(attempt, developed, provider, Amount::ZERO).await
    }

    /// An upscaled copy by the configured vendor, if it takes the image. It costs money, so it is stored at once.
    async fn enlarged_by_vendor(
        &self,
        attempt: &mut Attempt<'_>,
        picture: &Picture,
        png: &[u8],
        scale: u32,
    ) -> Result<Option<(ProviderId, Vec<u8>)>, Stop> {
        if let Some((provider, kept)) = drawn(attempt) {
            return Ok(Some((provider, attempt.jobs().log().load_drawing(&kept).await?)));
        }
        let Some(enlarger) =
            self.enlarger.as_ref().filter(|enlarger| enlarger.takes(picture.width, picture.height, scale))
        else {
            return Ok(None);
        };
        let provider = enlarger.provider();
        match attempt.watch(enlarger.enlarge(png.to_vec()), sign_of_life).await? {
            Ok(file) => {
                let object = attempt.jobs().log().store_drawing(attempt.job(), file.clone()).await?;
                attempt.record(Event::Drawn { provider, object }).await?;
                Ok(Some((provider, file)))
            }
            Err(error) => {
                tracing::warn!(%provider, %error, job = %attempt.job().id, "enlarger failed");
                Ok(None)
            }
        }
    }

    /// Has a vendor generate, continuing an earlier order. The file is stored at once: a vendor may return it only once.
    async fn have_drawn(
        &self,
        attempt: &mut Attempt<'_>,
        request: &ImageRequest,
    ) -> Result<(ProviderId, String), Stop> {
        let mut ordered = ordered(attempt);
        let first = ordered.as_ref().map_or(0, |(provider, _)| self.position(*provider));
        let mut reasons = Vec::new();
        let mut refused = false;
        for model in self.models.iter().skip(first) {
            let provider = model.provider();
            let before = ordered.take().filter(|(earlier, _)| *earlier == provider).map(|(_, ticket)| ticket);
            match self.ask(attempt, model, request, before).await? {
                Ok(file) => {
                    let object = attempt.jobs().log().store_drawing(attempt.job(), file).await?;
                    attempt.record(Event::Drawn { provider, object: object.clone() }).await?;
                    return Ok((provider, object));
                }
                Err(error) => {
                    tracing::warn!(%provider, %error, job = %attempt.job().id, "image model failed");
                    refused |= matches!(error, ProviderError::ContentRefused(_));
                    reasons.push(format!("{provider}: {error}"));
                    // Content that one vendor's rules forbid is not offered to another.
                    if refused {
                        break;
                    }
                }
            }
        }
        let failure = if refused { Failure::GenerationFailed } else { Failure::ProviderUnavailable };
        let reason = if reasons.is_empty() { "no image model is configured".to_owned() } else { reasons.join("; ") };
        Err(Stop::Failed { failure, reason })
    }

    fn position(&self, provider: ProviderId) -> usize {
        self.models.iter().position(|model| model.provider() == provider).unwrap_or(0)
    }

    /// Has one vendor generate. The inner error is the vendor's.
    async fn ask(
        &self,
        attempt: &mut Attempt<'_>,
        model: &SharedImageModel,
        request: &ImageRequest,
        ticket: Option<String>,
    ) -> Result<Result<Vec<u8>, ProviderError>, Stop> {
        let started = self.clock.now();
        let clock = Arc::clone(&self.clock);
        let mut news = move |attempt: &Attempt<'_>, any: bool| {
            let published = published(attempt);
            let now = estimated_progress(clock.now().duration_since(started).unsigned_abs()).max(published);
            (now >= published + PROGRESS_STEP || any).then_some(Event::Progress { progress: now })
        };
        let ticket = match ticket {
            Some(ticket) => ticket,
            None => match attempt.watch(model.order(request), &mut news).await? {
                Ok(Ordered::Drawn(file)) => return Ok(Ok(file)),
                Ok(Ordered::Ticket(ticket)) => {
                    let event = Event::Ordered { provider: model.provider(), ticket: ticket.clone() };
                    attempt.record(event).await?;
                    ticket
                }
                Err(error) => return Ok(Err(error)),
            },
        };
        attempt
            .watch(tokio::time::timeout(RUN_TIMEOUT, collect(model, &ticket)), news)
            .await
            .map(|collected| collected.unwrap_or(Err(ProviderError::TimedOut)))
    }

    /// Runs image processing off the async threads, publishing that it goes on.
    async fn develop(
        &self,
        attempt: &mut Attempt<'_>,
        work: impl FnOnce() -> Result<ProcessedImage, String> + Send + 'static,
        begun: u32,
    ) -> Result<ProcessedImage, Stop> {
        attempt.keep().await?;
        if published(attempt) < begun {
            attempt.record(Event::Progress { progress: begun }).await?;
            attempt.tell().await?;
        }
        let working = tokio::task::spawn_blocking(work);
        let done = attempt.watch(working, sign_of_life).await?;
        match done.map_err(|error| Error::internal("image_processor work", error))? {
            Ok(developed) => Ok(developed),
            Err(reason) => Err(Stop::Failed { failure: Failure::GenerationFailed, reason }),
        }
    }

    /// Stores a finished image under new names that cannot be guessed.
    async fn deliver(
        &self,
        attempt: &mut Attempt<'_>,
        developed: ProcessedImage,
        provider: ProviderId,
        cost: Amount,
    ) -> Result<Outcome, Stop> {
        let name = attempt.job().lease.unwrap_or(Uuid::nil());
        let ProcessedImage { png, thumbnail, width, height, drawn_width, drawn_height } = developed;
        let picture = Picture {
            object: format!("uploads/images/{name}.png"),
            thumbnail: thumbnail.as_ref().map(|_| format!("uploads/thumbnails/{name}.jpg")),
            width,
            height,
            drawn_width,
            drawn_height,
        };
        let image = self.objects.put_public(&picture.object, "image/png", png);
        let thumbnail = async {
            match (&picture.thumbnail, thumbnail) {
                (Some(key), Some(file)) => self.objects.put_public(key, "image/jpeg", file).await,
                _ => Ok(()),
            }
        };
        tokio::try_join!(image, thumbnail).map_err(Error::from)?;
        attempt.keep().await?;
        attempt.record(Event::Progress { progress: 100 }).await?;
        Ok(Outcome {
            text: picture.to_text()?,
            preview: String::new(),
            provider,
            tokens_used: 0,
            cost,
            events: attempt.length(),
        })
    }
}

/// Polls for an image until it is ready. A lost answer is polled again: a vendor that has forgotten the image says so.
async fn collect(model: &SharedImageModel, ticket: &str) -> Result<Vec<u8>, ProviderError> {
    let mut lost = 0;
    loop {
        match model.collect(ticket).await {
            Ok(Collected::Drawn(file)) => return Ok(file),
            Ok(Collected::Working) => lost = 0,
            Err(ProviderError::TimedOut | ProviderError::RateLimited { .. }) if lost < 3 => lost += 1,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(model.poll_interval()).await;
    }
}

/// The last order that was not received.
fn ordered(attempt: &Attempt<'_>) -> Option<(ProviderId, String)> {
    attempt.events().rev().find_map(|event| match event {
        Event::Ordered { provider, ticket } => Some((*provider, ticket.clone())),
        _ => None,
    })
}

/// The image that was received.
fn drawn(attempt: &Attempt<'_>) -> Option<(ProviderId, String)> {
    attempt.events().find_map(|event| match event {
        Event::Drawn { provider, object } => Some((*provider, object.clone())),
        _ => None,
    })
}

fn published(attempt: &Attempt<'_>) -> u32 {
    let progress = |event: &Event| match event {
        Event::Progress { progress } => Some(*progress),
        _ => None,
    };
    attempt.events().filter_map(progress).max().unwrap_or(0)
}

/// A sign of life, without progress, while work of unknown length goes on.
fn sign_of_life(attempt: &Attempt<'_>, any: bool) -> Option<Event> {
    any.then(|| Event::Progress { progress: published(attempt) })
}

/// Estimated per cent by time alone, since vendors report none: fast at first, never 100.
fn estimated_progress(elapsed: Duration) -> u32 {
    let elapsed = elapsed.as_millis();
    let share = elapsed * u128::from(DRAWN) / (elapsed + DEFAULT_DURATION.as_millis() / 2).max(1);
    u32::try_from(share).unwrap_or(DRAWN).min(DRAWN - 5)
}

fn missing(what: &'static str) -> Error {
    Error::internal(what, "missing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_rises_and_never_arrives() {
        let at = |seconds| estimated_progress(Duration::from_secs(seconds));
        assert_eq!(at(0), 0);
        assert!(at(5) < at(10) && at(10) < at(40), "{} {} {}", at(5), at(10), at(40));
        assert_eq!(at(100_000), DRAWN - 5);
    }
}
