//! Pixels to pixels of another size, with the Lanczos filter of three lobes: the sharpest of the usual ones.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};

use crate::PictureError;
use crate::error::Result;
use crate::raster::Raster;

/// Bytes of a pixel.
const PIXEL: usize = 3;

/// The picture with exactly the given size. What does not fit its shape is cut equally on both sides.
pub(crate) fn cover(source: &Raster, width: u32, height: u32) -> Result<Raster> {
    whole(source, width, height, &ResizeOptions::new().fit_into_destination(None))
}

/// The picture with `longest` pixels on its longest side, or as it is if it has fewer.
pub(crate) fn within(source: &Raster, longest: u32) -> Result<Raster> {
    let side = source.width.max(source.height);
    let longest = longest.min(side);
    // To the nearest pixel; a side of a thin picture does not vanish.
    let shorten = |length: u32| ((length * longest + side / 2) / side).max(1);
    whole(source, shorten(source.width), shorten(source.height), &ResizeOptions::new())
}

fn whole(source: &Raster, width: u32, height: u32, options: &ResizeOptions) -> Result<Raster> {
    let mut rgb = vec![0; width as usize * height as usize * PIXEL];
    resize(&mut Resizer::new(), source, width, height, &mut rgb, options)?;
    Ok(Raster { width, height, rgb })
}

/// A picture enlarged in strips, from top to bottom: the very pixels of the picture enlarged at once.
///
/// Columns are enlarged first, all together, and rows strip by strip. Rows do not know each other, so there is nothing to see where strips meet.
/// The other way would need no picture in between (50 MB at most), but the library computes with as many binary places as the largest weight of
/// a call leaves room for, and weights are larger at the edges of a picture: strips would differ from each other by up to two levels.
pub(crate) struct Strips {
    /// The picture with all its rows, each as long as in the source.
    tall: Raster,
    width: u32,
    /// The next row.
    top: u32,
    resizer: Resizer,
    rgb: Vec<u8>,
}

impl Strips {
    /// Rows in one strip: 6 MB at most.
    const ROWS: u32 = 256;

    /// `source` enlarged `scale` times.
    pub(crate) fn new(source: &Raster, scale: u32) -> Result<Self> {
        let tall = whole(source, source.width, source.height * scale, &ResizeOptions::new())?;
        Ok(Self { tall, width: source.width * scale, top: 0, resizer: Resizer::new(), rgb: Vec::new() })
    }

    /// The pixels of the next strip, a whole number of rows; `None` after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>> {
        let rows = (self.tall.height - self.top).min(Self::ROWS);
        if rows == 0 {
            return Ok(None);
        }
        let options = ResizeOptions::new().crop(0.0, self.top.into(), self.tall.width.into(), rows.into());
        self.rgb.resize(self.width as usize * rows as usize * PIXEL, 0);
        resize(&mut self.resizer, &self.tall, self.width, rows, &mut self.rgb, &options)?;
        self.top += rows;
        Ok(Some(&self.rgb))
    }
}

fn resize(
    resizer: &mut Resizer,
    source: &Raster,
    width: u32,
    height: u32,
    rgb: &mut [u8],
    options: &ResizeOptions,
) -> Result<()> {
    let from = ImageRef::new(source.width, source.height, &source.rgb, PixelType::U8x3);
    let from = from.map_err(PictureError::undrawn)?;
    let to = Image::from_slice_u8(width, height, rgb, PixelType::U8x3);
    let mut to = to.map_err(PictureError::undrawn)?;
    resizer.resize(&from, &mut to, options).map_err(PictureError::undrawn)
}
