//! Images: orders, upscaled copies, and reads.

use serde::{Deserialize, Serialize};
use store::Queue;

use super::IMAGE_FORMAT;
use crate::generation::image::ImageStyle;
use crate::generation::{Job, Jobs, Mode, NewJob, Source, Started, Status};
use crate::idempotency::Request;
use crate::kernel::{Amount, Error, JobId, JobKind, Page, Paged, Result, Rule, UserId};

/// Price of an image, upscaled copies included.
pub const IMAGE_PRICE: Amount = Amount::new(20);

/// The longest prompt, in characters, that every vendor takes.
const MAX_PROMPT: usize = 1000;

/// The use of an image, which decides its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageFormat {
    Web,
    Banner,
    Print,
    Messenger,
}

impl ImageFormat {
    pub const ALL: [Self; 4] = [Self::Web, Self::Banner, Self::Print, Self::Messenger];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Banner => "banner",
            Self::Print => "print",
            Self::Messenger => "messenger",
        }
    }

    /// Width and height in pixels.
    pub const fn size(self) -> (u32, u32) {
        match self {
            Self::Web => (1024, 1024),
            Self::Banner => (2048, 1024),
            Self::Print => (2048, 2048),
            Self::Messenger => (512, 512),
        }
    }

    pub fn parse(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == name);
        let unknown = || Error::invalid("format", IMAGE_FORMAT, "Допустимые форматы: web, banner, print, messenger");
        found.ok_or_else(unknown)
    }
}

/// The styles, by name.
const STYLES: [(&str, ImageStyle); 4] = [
    ("DEFAULT", ImageStyle::Default),
    ("KANDINSKY", ImageStyle::Kandinsky),
    ("UHD", ImageStyle::Uhd),
    ("ANIME", ImageStyle::Anime),
];

/// Parses a style.
pub fn parse_style(name: &str) -> Result<ImageStyle> {
    let found = STYLES.into_iter().find(|(known, _)| *known == name);
    let unknown = || Error::invalid("style", "not_allowed", "Допустимые стили: DEFAULT, KANDINSKY, UHD, ANIME");
    found.map(|(_, style)| style).ok_or_else(unknown)
}

pub fn style_name(style: ImageStyle) -> &'static str {
    STYLES.into_iter().find(|(_, known)| *known == style).map_or("DEFAULT", |(name, _)| name)
}

/// An order of an image: the input of its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOrder {
    pub prompt: String,
    pub format: ImageFormat,
    pub style: ImageStyle,
}

/// The stored order.
#[derive(Serialize, Deserialize)]
struct StoredOrder {
    prompt: String,
    format: ImageFormat,
    style: String,
}

impl ImageOrder {
    /// An order with a prompt of 1 to 1000 characters.
    pub fn new(prompt: &str, format: ImageFormat, style: ImageStyle) -> Result<Self> {
        let prompt = prompt.trim();
        if prompt.is_empty() {
            return Err(Error::invalid("prompt", "required", "Опишите, что должно быть на изображении"));
        }
        if prompt.chars().count() > MAX_PROMPT {
            return Err(Error::invalid("prompt", "too_long", "Описание должно быть не длиннее 1000 символов"));
        }
        Ok(Self { prompt: prompt.to_owned(), format, style })
    }

    fn to_text(&self) -> Result<String> {
        let stored =
            StoredOrder { prompt: self.prompt.clone(), format: self.format, style: style_name(self.style).to_owned() };
        serde_json::to_string(&stored).map_err(|error| Error::internal("image order", error))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let stored: StoredOrder =
            serde_json::from_str(text).map_err(|error| Error::internal("stored image order", error))?;
        Ok(Self { prompt: stored.prompt, format: stored.format, style: parse_style(&stored.style)? })
    }
}

/// The factor of an upscaled copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scale(u32);

impl Scale {
    /// 2 or 4.
    pub fn parse(factor: u32) -> Result<Self> {
        match factor {
            2 | 4 => Ok(Self(factor)),
            _ => Err(Error::invalid("scale", "not_allowed", "Допустимые значения: 2, 4")),
        }
    }

    pub const fn factor(self) -> u32 {
        self.0
    }
}

/// A finished image: the result of its job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Key of its object, which is also its path.
    pub object: String,
    /// Key of its thumbnail. Upscaled copies have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Pixels from the vendor; resampled if it is not the width.
    pub drawn_width: u32,
    /// Pixels from the vendor; resampled if it is not the height.
    pub drawn_height: u32,
}

impl Picture {
    /// Parses a job's result.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| Error::internal("stored picture", error))
    }

    pub(super) fn to_text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::internal("picture", error))
    }

    pub fn url(&self) -> String {
        format!("/{}", self.object)
    }

    pub fn thumbnail_url(&self) -> Option<String> {
        self.thumbnail.as_ref().map(|thumbnail| format!("/{thumbnail}"))
    }
}

/// An image as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub job: Job,
    pub order: ImageOrder,
    /// Once the job is completed.
    pub picture: Option<Picture>,
    /// The last upscaled copy.
    pub upscale: Option<Upscale>,
}

/// An upscaled copy of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upscale {
    pub job: Job,
    pub scale: Scale,
    /// Once the job is completed.
    pub picture: Option<Picture>,
}

impl Image {
    /// The status. An image that is being upscaled is in progress again; one whose copy failed stays completed.
    pub fn status(&self) -> Status {
        let enlarging = self.upscale.as_ref().is_some_and(|upscale| !upscale.job.status.is_final());
        if enlarging { Status::InProgress } else { self.job.status }
    }
}

/// The images of users.
#[derive(Clone)]
pub struct Images {
    jobs: Jobs,
    queue: Queue,
}

impl Images {
    /// Images whose jobs are kept by `jobs` and sent to `queue`.
    pub fn new(jobs: &Jobs, queue: Queue) -> Self {
        Self { jobs: jobs.of(JobKind::Image), queue }
    }

    /// Orders an image. An idempotent replay orders nothing.
    ///
    /// Fails with [`Error::InsufficientFunds`] before anything is ordered.
    pub async fn generate(&self, user: UserId, order: ImageOrder, idempotency_key: Option<String>) -> Result<Job> {
        let input = order.to_text()?;
        let new = NewJob {
            id: self.jobs.mint_id(),
            owner: user,
            subject: order.format.as_str().to_owned(),
            title: "Генерация изображения".to_owned(),
            mode: Mode::Standard,
            price: IMAGE_PRICE,
            source: None,
            request: idempotency_key.map(|key| Request::new(user.to_string(), key, &["generate_image", &input])),
            input,
        };
        self.start(&self.jobs, new).await
    }

    /// Orders an upscaled copy of an image. If the last copy has this scale and has not failed, that is the answer.
    ///
    /// Fails with [`Rule::InProgress`] while the image is generated, or upscaled by another factor, and with
    /// [`Rule::NotCompleted`] if its generation failed.
    pub async fn upscale(
        &self,
        user: UserId,
        id: JobId,
        scale: Scale,
        idempotency_key: Option<String>,
    ) -> Result<Image> {
        let image = self.get(user, id).await?;
        match image.job.status {
            Status::Completed => {}
            Status::Failed => return Err(Error::Conflict(Rule::NotCompleted)),
            Status::Pending | Status::InProgress => return Err(Error::Conflict(Rule::InProgress)),
        }
        match &image.upscale {
            Some(last) if last.scale == scale && last.job.status != Status::Failed => return Ok(image),
            Some(last) if !last.job.status.is_final() => return Err(Error::Conflict(Rule::InProgress)),
            _ => {}
        }
        let upscales = self.jobs.of(JobKind::Upscale);
        let factor = scale.factor().to_string();
        let new = NewJob {
            id: upscales.mint_id(),
            owner: user,
            subject: image.job.subject.clone(),
            title: "Увеличение изображения".to_owned(),
            mode: Mode::Standard,
            price: Amount::ZERO,
            source: Some(Source { kind: JobKind::Image, id, successor: image.job.successor }),
            request: idempotency_key
                .map(|key| Request::new(user.to_string(), key, &["upscale_image", &id.to_string(), &factor])),
            input: factor,
        };
        let job = self.start(&upscales, new).await?;
        Ok(Image { upscale: Some(Upscale { job, scale, picture: None }), ..image })
    }

    async fn start(&self, jobs: &Jobs, new: NewJob) -> Result<Job> {
        let job = match jobs.start(new, false).await? {
            Started::New(job) => job,
            Started::Before(job) => return Ok(job),
        };
        // If the message is lost, the sweeper resends it, so a failing queue is no reason to fail the request.
        if let Err(error) = self.queue.send(&jobs.message(job.owner, job.id)).await {
            tracing::warn!(%error, job = %job.id, "job not sent, left to the sweeper");
        }
        Ok(job)
    }

    pub async fn get(&self, user: UserId, id: JobId) -> Result<Image> {
        let job = self.jobs.get(user, id).await?;
        let upscales = self.jobs.of(JobKind::Upscale);
        let upscale = async {
            match job.successor {
                Some(upscale) => upscales.find(user, upscale).await,
                None => Ok(None),
            }
        };
        let (order, picture, upscale) = tokio::try_join!(self.jobs.input(&job), picture_of(&self.jobs, &job), upscale)?;
        let upscale = match upscale {
            Some(job) => {
                let (factor, picture) = tokio::try_join!(upscales.input(&job), picture_of(&upscales, &job))?;
                Some(Upscale { job, scale: parse_scale(&factor)?, picture })
            }
            None => None,
        };
        Ok(Image { order: ImageOrder::parse(&order)?, picture, upscale, job })
    }

    /// A page of the user's images, latest first, without upscaled copies.
    pub async fn list(&self, user: UserId, page: Page) -> Result<Paged<Image>> {
        let jobs = self.jobs.list(user, page).await?;
        let mut images = Vec::with_capacity(jobs.items.len());
        for job in jobs.items {
            // Both are in the item, unless the prompt is unusually long in bytes.
            let order = ImageOrder::parse(&self.jobs.input(&job).await?)?;
            let picture = picture_of(&self.jobs, &job).await?;
            images.push(Image { job, order, picture, upscale: None });
        }
        Ok(Paged { items: images, total: jobs.total, page })
    }
}

async fn picture_of(jobs: &Jobs, job: &Job) -> Result<Option<Picture>> {
    jobs.result(job).await?.map(|text| Picture::parse(&text)).transpose()
}

/// Parses the input of an upscale job.
pub(super) fn parse_scale(input: &str) -> Result<Scale> {
    let factor = input.parse().map_err(|error| Error::internal("stored scale", error))?;
    Scale::parse(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_back_as_it_was_stored() {
        let order = ImageOrder::new("  Закат над \"морем\"\n", ImageFormat::Banner, ImageStyle::Anime).unwrap();
        assert_eq!(order.prompt, "Закат над \"морем\"");
        assert_eq!(ImageOrder::parse(&order.to_text().unwrap()).unwrap(), order);
    }

    #[test]
    fn prompts_formats_styles_and_scales_have_bounds() {
        let order = |prompt: &str| ImageOrder::new(prompt, ImageFormat::Web, ImageStyle::Default);
        for bad in ["", " \n", &"я".repeat(1001)] {
            assert!(order(bad).is_err(), "{bad}");
        }
        assert!(order(&"я".repeat(1000)).is_ok());
        assert!(ImageFormat::parse("WEB").is_err() && ImageFormat::parse("").is_err());
        assert!(parse_style("default").is_err());
        for (name, style) in STYLES {
            assert_eq!((parse_style(name).unwrap(), style_name(style)), (style, name));
        }
        assert_eq!(
            [0, 1, 2, 3, 4, 8].map(|factor| Scale::parse(factor).is_ok()),
            [false, false, true, false, true, false]
        );
    }
}
