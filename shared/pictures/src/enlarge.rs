//! Enlargements, drawn and written strip by strip.

use std::io::Write;

use crate::encode::{self, CHUNK};
use crate::error::Result;
use crate::raster::Raster;
use crate::resample::Strips;
use crate::{Picture, PictureError};

/// The longest side of a picture that is enlarged, in pixels.
pub const ENLARGED_FROM: u32 = 2048;

/// Enlarges a picture two or four times. `file` may be a [`Picture::png`] or any other file that [`finish`](crate::finish) reads.
///
/// Fails with [`PictureError::Scale`] for any other scale, with [`PictureError::TooLarge`] if the picture has more than [`ENLARGED_FROM`] pixels
/// on a side, and with [`PictureError::Unreadable`] as `finish` does.
pub fn enlarge(file: &[u8], scale: u32) -> Result<Picture> {
    if !matches!(scale, 2 | 4) {
        return Err(PictureError::Scale(scale));
    }
    let source = Raster::read(file, ENLARGED_FROM)?;
    let (drawn_width, drawn_height) = (source.width, source.height);
    let (width, height) = (drawn_width * scale, drawn_height * scale);
    let mut strips = Strips::new(&source, scale)?;
    drop(source);

    let mut png = Vec::new();
    let mut writer = encode::begin_png(&mut png, width, height)?;
    let mut rows = writer.stream_writer_with_size(CHUNK).map_err(PictureError::undrawn)?;
    while let Some(strip) = strips.next()? {
        rows.write_all(strip).map_err(PictureError::undrawn)?;
    }
    rows.finish().map_err(PictureError::undrawn)?;
    writer.finish().map_err(PictureError::undrawn)?;
    Ok(Picture { png, width, height, drawn_width, drawn_height })
}
