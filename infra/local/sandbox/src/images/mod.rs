//! Pictures. There is no image model inside: a scene is put together from what the prompt names, and the prompt is written
//! under it. The same prompt, style and size always give the same bytes.

mod animals;
mod buildings;
mod canvas;
mod caption;
mod colour;
mod composition;
mod dice;
mod font;
pub(crate) mod fusionbrain;
mod land;
mod reading;
mod sky;
#[cfg(test)]
mod tests;
mod things;
mod weather;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, ImageResult, RgbImage, RgbaImage};

use canvas::Canvas;
use caption::Caption;
use reading::Scene;

/// The quality of JPEG files, out of 100.
const JPEG_QUALITY: u8 = 90;

/// The words of a prompt that vendors' content filters refuse.
const FORBIDDEN: [&str; 2] = ["запрещено", "forbidden"];

/// How a picture is drawn; the names are FusionBrain's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As it comes.
    Default,
    /// With circles, triangles and rays.
    Kandinsky,
    /// Softer light.
    Uhd,
    /// In flat, strong colours with outlines.
    Anime,
}

/// A picture to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) prompt: String,
    pub(crate) style: Style,
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

/// Draws. Takes tenths of a second of processor time. `None` for a picture without pixels.
pub(crate) fn draw(order: &Order) -> Option<Picture> {
    let scene = Scene::read(&order.prompt);
    let style = if order.style == Style::Default { scene.style() } else { order.style };
    let mut canvas = Canvas::new(order.width, order.height, style)?;
    let caption = Caption::new(&order.prompt, canvas.width, canvas.unit);
    composition::paint(&mut canvas, &scene, caption.height);
    caption.paint(&mut canvas);
    // Every pixel is painted over, so none is see-through.
    let pixels = RgbaImage::from_raw(order.width.into(), order.height.into(), canvas.into_pixels())?;
    Some(Picture(DynamicImage::ImageRgba8(pixels).into_rgb8()))
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
