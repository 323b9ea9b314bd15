//! Files to pixels.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::error::Result;
use crate::{PictureError, claims};

/// What the PNG decoder may use beside the pixels themselves, in bytes: rows, tables, and the unpacked colour profile, which is how 16 KB of a
/// file could ask for megabytes.
const DECODERS_OWN: u64 = 16 << 20;

/// Pixels in rows from the top, each three bytes: red, green, blue.
pub(crate) struct Raster {
    /// Pixels in a row.
    pub(crate) width: u32,
    /// Rows.
    pub(crate) height: u32,
    /// `width` times `height` times three bytes.
    pub(crate) rgb: Vec<u8>,
}

impl Raster {
    /// Reads a PNG, JPEG or WebP file with at most `longest` pixels on a side. Its picture is turned the right way up and put on white.
    pub(crate) fn read(file: &[u8], longest: u32) -> Result<Self> {
        let (format, file) = match image::guess_format(file) {
            Ok(format @ ImageFormat::Png) => (format, file),
            Ok(format @ ImageFormat::Jpeg) => (format, claims::jpeg(file)?),
            Ok(format @ ImageFormat::WebP) => (format, claims::webp(file, longest)?),
            _ => return Err(PictureError::Unreadable("its first bytes are none of theirs".to_owned())),
        };
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(DECODERS_OWN);
        let mut reader = ImageReader::with_format(Cursor::new(file), format);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|error| unreadable(&error))?;
        let (width, height) = decoder.dimensions();
        if width > longest || height > longest {
            return Err(PictureError::TooLarge { width, height, longest });
        }
        if width == 0 || height == 0 {
            return Err(PictureError::Unreadable("it has no pixels".to_owned()));
        }
        // A picture with broken metadata is still a picture.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut image = on_white(DynamicImage::from_decoder(decoder).map_err(|error| unreadable(&error))?);
        image.apply_orientation(orientation);
        Ok(Self { width: image.width(), height: image.height(), rgb: image.into_rgb8().into_raw() })
    }
}

fn unreadable(error: &image::ImageError) -> PictureError {
    PictureError::Unreadable(error.to_string())
}

/// The picture without transparency, as it looks on white paper, with eight bits per channel.
fn on_white(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return DynamicImage::ImageRgb8(image.into_rgb8());
    }
    let mut image = image.into_rgba8();
    for pixel in image.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        pixel.0 = [blend(red, alpha), blend(green, alpha), blend(blue, alpha), u8::MAX];
    }
    DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(image).into_rgb8())
}

/// A channel of a pixel on white.
fn blend(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u32::from(channel), u32::from(alpha));
    let sum = channel * alpha + 255 * (255 - alpha);
    // The mean of two bytes is a byte.
    u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
}
