//! The domain's image processing, by the crate `pictures`.

use domain::easy_writer::{ImageProcessor, ProcessedImage};
use pictures::{Picture, enlarge, finish, thumbnail};

/// In memory, on the calling thread.
pub(crate) struct Pictures;

impl ImageProcessor for Pictures {
    fn develop(&self, file: &[u8], width: u32, height: u32, longest: u32) -> Result<ProcessedImage, String> {
        let picture = finish(file, width, height).map_err(|error| error.to_string())?;
        let small = thumbnail(&picture.png, longest).map_err(|error| error.to_string())?;
        Ok(developed(picture, Some(small)))
    }

    fn enlarge(&self, png: &[u8], scale: u32) -> Result<ProcessedImage, String> {
        let picture = enlarge(png, scale).map_err(|error| error.to_string())?;
        Ok(developed(picture, None))
    }
}

fn developed(picture: Picture, thumbnail: Option<Vec<u8>>) -> ProcessedImage {
    let Picture { png, width, height, drawn_width, drawn_height } = picture;
    ProcessedImage { png, thumbnail, width, height, drawn_width, drawn_height }
}
