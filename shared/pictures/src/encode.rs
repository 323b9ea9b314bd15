//! Pixels to files.

use std::io::Write;

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use png::{BitDepth, ColorType, Compression, Encoder, Writer};

use crate::PictureError;
use crate::error::Result;
use crate::raster::Raster;

/// Quality of thumbnails, of 100: below it skies show blocks, above it files grow and nobody sees why.
const THUMBNAIL_QUALITY: u8 = 82;

/// Bytes of compressed data per chunk of a PNG that is written row by row.
pub(crate) const CHUNK: usize = 256 << 10;

/// A PNG whose pixels are still to be written: eight bits for each of red, green and blue.
///
/// Compression is the fast kind (`docs/performance/easy-writer.md` compares): the next better one saves a sixth of a natural picture and takes twice as long,
/// ten times as long if the picture is noise.
pub(crate) fn begin_png<W: Write>(output: W, width: u32, height: u32) -> Result<Writer<W>> {
    let mut encoder = Encoder::new(output, width, height);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    encoder.write_header().map_err(PictureError::undrawn)
}

/// A picture as a PNG.
pub(crate) fn png(picture: &Raster) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut writer = begin_png(&mut file, picture.width, picture.height)?;
    writer.write_image_data(&picture.rgb).map_err(PictureError::undrawn)?;
    writer.finish().map_err(PictureError::undrawn)?;
    Ok(file)
}

/// A picture as a JPEG of [`THUMBNAIL_QUALITY`].
pub(crate) fn jpeg(picture: &Raster) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, THUMBNAIL_QUALITY);
    encoder
        .encode(&picture.rgb, picture.width, picture.height, ExtendedColorType::Rgb8)
        .map_err(PictureError::undrawn)?;
    Ok(file)
}
