//! `POST /images/generations`.

use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::error::Failure;
use super::models::OWN;
use super::request::whole;
use crate::images::{self, Order};
use crate::model::{Behaviour, SLOWEST, State, delivery, tokens};

/// The longest prompt in characters.
const MAX_PROMPT: usize = 32_000;
const MAX_PICTURES: u64 = 4;
/// The longest side in pixels.
const MAX_SIDE: u16 = 2048;
/// Sides are multiples of this many pixels.
const SIDE_STEP: u16 = 16;
/// A picture takes as long as this many chunks of text.
const CHUNKS: u32 = 400;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Jpeg,
}

/// A valid request.
struct ImageRequest {
    behaviour: Behaviour,
    order: Order,
    count: u32,
    format: Format,
}

pub(super) async fn create(
    Shared(state): Shared<State>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body.map_err(|_| Failure::too_large())?;
    let request = ImageRequest::parse(&body)?;
    request.behaviour.admit().await?;
    match request.behaviour {
        Behaviour::Slow => tokio::time::sleep((state.options.pace * CHUNKS * 10).min(SLOWEST)).await,
        Behaviour::Good | Behaviour::NoUsage => tokio::time::sleep(state.options.pace * CHUNKS).await,
        _ => {}
    }
    if images::is_forbidden(&request.order.prompt) {
        return Err(Failure::moderation_blocked());
    }
    let (request, file) = draw(request).await.ok_or_else(Failure::server_error)?;
    Ok(answer(&request, &file, (state.options.clock)()))
}

async fn draw(request: ImageRequest) -> Option<(ImageRequest, String)> {
    // Painting blocks for hundredths of a second: not on a thread that serves sockets.
    let drawing = tokio::task::spawn_blocking(move || {
        let picture = images::draw(&request.order)?;
        let file = match request.format {
            Format::Png => picture.png(),
            Format::Jpeg => picture.jpeg(),
        };
        Some((request, STANDARD.encode(file.ok()?)))
    });
    drawing.await.ok().flatten()
}

fn answer(request: &ImageRequest, file: &str, created: i64) -> Response {
    let ImageRequest { behaviour, order, count, format } = request;
    let (input, output) = (tokens::count(&order.prompt), 1056 * count);
    let data: Vec<Value> = (0..*count).map(|_| json!({ "b64_json": file })).collect();
    let mut answer = json!({
        "created": created, "background": "opaque", "data": data,
        "output_format": if *format == Format::Png { "png" } else { "jpeg" },
        "quality": "medium", "size": format!("{}x{}", order.width, order.height), "sandbox": true,
    });
    if let (Some(fields), true) = (answer.as_object_mut(), *behaviour != Behaviour::NoUsage) {
        let usage = json!({
            "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
            "input_tokens_details": { "text_tokens": input, "image_tokens": 0 },
        });
        fields.insert("usage".to_owned(), usage);
    }
    delivery::whole(*behaviour, &answer, &Failure::server_error().into_body())
}

impl ImageRequest {
    fn parse(body: &[u8]) -> Result<Self, Failure> {
        let value: Value = serde_json::from_slice(body).map_err(|_| Failure::malformed_json())?;
        let Value::Object(fields) = value else { return Err(Failure::malformed_json()) };
        let model = text(&fields, "model")?.filter(|model| !model.is_empty()).ok_or_else(Failure::no_model)?;
        let behaviour = Behaviour::of(model, &OWN).ok_or_else(|| Failure::unknown_model(model))?;
        let prompt = text(&fields, "prompt")?.ok_or_else(|| Failure::missing("prompt"))?;
        if prompt.is_empty() || prompt.chars().count() > MAX_PROMPT {
            return Err(Failure::wrong_value("prompt", "it must have 1 to 32000 characters"));
        }
        // The vendor's current image models always return the file and reject this parameter.
        if fields.contains_key("response_format") {
            return Err(Failure::unknown_parameter("response_format"));
        }
        let (width, height) = size(text(&fields, "size")?.unwrap_or("auto"))?;
        let format = match text(&fields, "output_format")? {
            None | Some("png") => Format::Png,
            Some("jpeg") => Format::Jpeg,
            Some(_) => return Err(Failure::wrong_value("output_format", "the sandbox knows 'png' and 'jpeg'")),
        };
        Ok(Self {
            behaviour,
            order: Order { prompt: prompt.to_owned(), style: None, width, height },
            count: whole(&fields, "n", MAX_PICTURES)?.unwrap_or(1),
            format,
        })
    }
}

fn text<'a>(fields: &'a Map<String, Value>, field: &str) -> Result<Option<&'a str>, Failure> {
    match fields.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::wrong_type(field, "a string")),
    }
}

fn size(text: &str) -> Result<(u16, u16), Failure> {
    if text == "auto" {
        return Ok((1024, 1024));
    }
    let wrong =
        || Failure::wrong_value("size", &format!("'{text}' is neither 'auto' nor two multiples of 16 up to 2048"));
    let side = |text: &str| {
        let side = text.parse::<u16>().ok()?;
        ((SIDE_STEP..=MAX_SIDE).contains(&side) && side.is_multiple_of(SIDE_STEP)).then_some(side)
    };
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    Ok((side(width).ok_or_else(wrong)?, side(height).ok_or_else(wrong)?))
}
