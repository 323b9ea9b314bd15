//! Pictures between an image model and a user: files of any usual kind become PNG of an exact size, thumbnails and enlargements.
//!
//! Everything here is synchronous work for a processor and takes up to seconds: call it on a thread that may block. Memory is bounded. What a
//! file claims about itself is checked before it is decoded, and an enlargement is drawn and written strip by strip, so that the 201 MB of its
//! pixels never exist at once; `docs/performance/easy-writer.md` has the figures.
//!
//! Pixels are taken as sRGB. Colour profiles are not applied and not kept, as image models draw in sRGB; nor is other metadata, apart from the
//! Exif orientation, which is applied.

mod claims;
mod encode;
mod enlarge;
mod error;
mod raster;
mod resample;

use std::fmt;

pub use enlarge::{ENLARGED_FROM, enlarge};
pub use error::PictureError;
use error::Result;
use raster::Raster;

/// The longest side of a picture that is read or asked for, in pixels. Decoding one of this size takes 50 MB if its file is the usual JPEG, and
/// four times that if it is a PNG with 16 bits per channel and transparency.
pub const LONGEST_SIDE: u32 = 4096;

/// A finished picture.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file: PNG, eight bits per channel, no transparency.
    pub png: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Width of the picture that it was made from, in pixels, the right way up.
    pub drawn_width: u32,
    /// Height of the picture that it was made from, in pixels, the right way up.
    pub drawn_height: u32,
}

/// Brings a model's file to exactly `width` times `height` pixels. A picture of another shape is cut equally on both sides; transparency becomes
/// white.
///
/// Fails with [`PictureError::Unreadable`] if the file is not a whole PNG, JPEG or WebP, with [`PictureError::TooLarge`] if it has more than
/// [`LONGEST_SIDE`] pixels on a side, and with [`PictureError::Size`] if the wanted size is nothing or more than that.
pub fn finish(file: &[u8], width: u32, height: u32) -> Result<Picture> {
    if !(1..=LONGEST_SIDE).contains(&width) || !(1..=LONGEST_SIDE).contains(&height) {
        return Err(PictureError::Size { width, height });
    }
    let drawn = Raster::read(file, LONGEST_SIDE)?;
    let finished = resample::cover(&drawn, width, height)?;
    let (drawn_width, drawn_height) = (drawn.width, drawn.height);
    drop(drawn);
    Ok(Picture { png: encode::png(&finished)?, width, height, drawn_width, drawn_height })
}

/// A small JPEG of a picture, whose longest side has `longest` pixels. A picture that is smaller keeps its size.
///
/// `file` may be a [`Picture::png`] or any other file that [`finish`] reads. Fails as `finish` does.
pub fn thumbnail(file: &[u8], longest: u32) -> Result<Vec<u8>> {
    if !(1..=LONGEST_SIDE).contains(&longest) {
        return Err(PictureError::Size { width: longest, height: longest });
    }
    let picture = Raster::read(file, LONGEST_SIDE)?;
    encode::jpeg(&resample::within(&picture, longest)?)
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("png", &format_args!("{} bytes", self.png.len()))
            .field("width", &self.width)
            .field("height", &self.height)
            .field("drawn_width", &self.drawn_width)
            .field("drawn_height", &self.drawn_height)
            .finish()
    }
}
