//! The form of an order, validated as the vendor does.

use axum::extract::{FromRequest as _, Request};
use axum::http::header::CONTENT_TYPE;
use multer::Multipart;
use serde::Deserialize;

use super::error::Failure;
use crate::images::Order;

/// The longest side in pixels.
const MAX_SIDE: u16 = 1024;
/// Sides are multiples of this many pixels.
const SIDE_STEP: u16 = 64;
/// The longest prompt in characters.
const MAX_QUERY: usize = 1000;
const DEFAULT_STYLE: &str = "DEFAULT";
const STYLES: [&str; 4] = [DEFAULT_STYLE, "KANDINSKY", "UHD", "ANIME"];

/// The behaviour that a word in the prompt selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The order is rejected: the queue is full.
    QueueFull,
    /// The drawing fails.
    Fail,
    /// The drawing is forgotten.
    Lost,
    /// The drawing is done at the third poll, whatever the pace.
    Slow,
    /// The order gets status 500.
    ServerError,
    /// The order gets no response.
    Hang,
}

const FAULTS: [(&str, Fault); 6] = [
    ("sandbox-queue-full", Fault::QueueFull),
    ("sandbox-fail", Fault::Fail),
    ("sandbox-lost", Fault::Lost),
    ("sandbox-slow", Fault::Slow),
    ("sandbox-500", Fault::ServerError),
    ("sandbox-hang", Fault::Hang),
];

/// A valid order.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) pipeline_id: String,
    pub(super) order: Order,
    pub(super) fault: Option<Fault>,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "type")]
    kind: String,
    style: Option<String>,
    width: u16,
    height: u16,
    #[serde(default = "one", rename = "numImages")]
    images: u16,
    #[serde(rename = "generateParams")]
    generate: GenerateParams,
}

#[derive(Deserialize)]
struct GenerateParams {
    query: String,
}

const fn one() -> u16 {
    1
}

impl Form {
    /// Reads the parts of a form.
    pub(super) async fn read(request: Request) -> Result<Self, Failure> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind).map_err(|_| Failure::unsupported_media_type())?;
        let body = axum::body::Bytes::from_request(request, &()).await;
        let body = body.map_err(|_| Failure::bad_request("The request body cannot be read"))?;
        let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
        let mut parts = Multipart::new(stream, boundary);
        let (mut pipeline_id, mut params) = (None, None);
        let broken = |_| Failure::bad_request("The form is malformed");
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().map(str::to_owned);
            let is_json = part.content_type().is_some_and(|kind| kind.essence_str() == "application/json");
            let text = part.text().await.map_err(broken)?;
            match name.as_deref() {
                Some("pipeline_id") => pipeline_id = Some(text),
                Some("params") if is_json => params = Some(text),
                Some("params") => return Err(Failure::unsupported_media_type()),
                _ => {}
            }
        }
        let missing = |name: &str| Failure::bad_request(format!("Required part '{name}' is not present."));
        let params = params.ok_or_else(|| missing("params"))?;
        let params: Params =
            serde_json::from_str(&params).map_err(|error| Failure::bad_request(format!("params: {error}")))?;
        let order = params.check()?;
        let fault = FAULTS.into_iter().find(|(word, _)| order.prompt.contains(word)).map(|(_, fault)| fault);
        Ok(Self { pipeline_id: pipeline_id.ok_or_else(|| missing("pipeline_id"))?, order, fault })
    }
}

impl Params {
    fn check(self) -> Result<Order, Failure> {
        let is_side = |side: u16| (SIDE_STEP..=MAX_SIDE).contains(&side) && side.is_multiple_of(SIDE_STEP);
        if self.kind != "GENERATE" {
            return Err(Failure::bad_request("type must be GENERATE"));
        }
        if !is_side(self.width) || !is_side(self.height) {
            return Err(Failure::bad_request("width and height must be multiples of 64 up to 1024"));
        }
        if self.images != 1 {
            return Err(Failure::bad_request("numImages must be 1"));
        }
        let prompt = self.generate.query;
        if prompt.trim().is_empty() || prompt.chars().count() > MAX_QUERY {
            return Err(Failure::bad_request("query must have 1 to 1000 characters"));
        }
        let style = self.style.as_deref().unwrap_or(DEFAULT_STYLE);
        let known = STYLES.into_iter().find(|known| *known == style);
        let style = known.ok_or_else(|| Failure::bad_request(format!("style is none of {}", STYLES.join(", "))))?;
        let style = (style != DEFAULT_STYLE).then_some(style);
        Ok(Order { prompt, style, width: self.width, height: self.height })
    }
}
