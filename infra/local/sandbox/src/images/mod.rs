//! Pictures. There is no image model inside: a picture of the asked size has the prompt written on it, on a background whose colours follow from the
//! prompt. The same prompt, style and size always give the same bytes.

mod caption;
mod font;
pub(crate) mod fusionbrain;
#[cfg(test)]
mod tests;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, ImageResult, RgbImage, RgbaImage};
use tiny_skia::{Color, GradientStop, LinearGradient, Paint, Pixmap, Point, Rect, SpreadMode, Transform};

use crate::seed::Seed;
use caption::Caption;

/// The quality of JPEG files, out of 100.
const JPEG_QUALITY: u8 = 90;

/// The words of a prompt that vendors' content filters refuse.
const FORBIDDEN: [&str; 2] = ["запрещено", "forbidden"];

/// A picture to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) prompt: String,
    /// The vendor's name of the style, if one was asked for; it is written in the corner.
    pub(crate) style: Option<&'static str>,
    /// In pixels.
    pub(crate) width: u16,
    /// In pixels.
    pub(crate) height: u16,
}

/// A drawn picture.
pub(crate) struct Picture(RgbImage);

/// Whether a content filter refuses the prompt.
pub(crate) fn is_forbidden(prompt: &str) -> bool {
    let lower = prompt.to_lowercase();
    FORBIDDEN.iter().any(|word| lower.contains(word))
}

/// Draws, in some hundredths of a second of processor time. `None` for a picture without pixels.
pub(crate) fn draw(order: &Order) -> Option<Picture> {
    let mut canvas = Pixmap::new(order.width.into(), order.height.into())?;
    let mark = order.style.map_or_else(|| "sandbox".to_owned(), |style| format!("sandbox · {style}"));
    let (width, height) = (f32::from(order.width), f32::from(order.height));
    let unit = width.min(height) / 100.0;
    let bounds = Rect::from_xywh(0.0, 0.0, width, height)?;
    paint_background(&mut canvas, bounds, &mut Seed::of([order.prompt.as_str(), mark.as_str()]))?;
    Caption::new(&order.prompt, width, unit).paint(&mut canvas, height / 2.0);
    caption::paint_mark(&mut canvas, &mark, unit);
    let pixels = RgbaImage::from_raw(order.width.into(), order.height.into(), canvas.take())?;
    Some(Picture(DynamicImage::ImageRgba8(pixels).into_rgb8()))
}

/// Two colours, dark enough for white letters, that run into each other from corner to corner.
fn paint_background(canvas: &mut Pixmap, bounds: Rect, seed: &mut Seed) -> Option<()> {
    let mut part = || 30 + u8::try_from(seed.below(100)).unwrap_or_default();
    let mut stop = |at| GradientStop::new(at, Color::from_rgba8(part(), part(), part(), u8::MAX));
    let (from, to) = (Point::from_xy(0.0, 0.0), Point::from_xy(bounds.right(), bounds.bottom()));
    let shader = LinearGradient::new(from, to, vec![stop(0.0), stop(1.0)], SpreadMode::Pad, Transform::identity())?;
    canvas.fill_rect(bounds, &Paint { shader, ..Paint::default() }, Transform::identity(), None);
    Some(())
}

impl Picture {
    /// The file as JPEG.
    pub(crate) fn jpeg(&self) -> ImageResult<Vec<u8>> {
        let mut file = Vec::new();
        JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY).encode(
            self.0.as_raw(),
            self.0.width(),
            self.0.height(),
            ExtendedColorType::Rgb8,
        )?;
        Ok(file)
    }

    /// The file as PNG.
    pub(crate) fn png(&self) -> ImageResult<Vec<u8>> {
        let mut file = Vec::new();
        PngEncoder::new_with_quality(&mut file, CompressionType::Fast, FilterType::Adaptive).write_image(
            self.0.as_raw(),
            self.0.width(),
            self.0.height(),
            ExtendedColorType::Rgb8,
        )?;
        Ok(file)
    }
}
