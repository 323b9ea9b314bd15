//! Why there is no picture.

use std::error::Error;

/// What this crate returns.
pub(crate) type Result<T> = std::result::Result<T, PictureError>;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file is not a PNG, JPEG or WebP, or is damaged or cut off. The text is the decoder's, in English and for logs.
    #[error("file is not a whole PNG, JPEG or WebP picture: {0}")]
    Unreadable(String),
    /// The file's picture has more pixels on a side than are read, by its own claim; nothing was decoded.
    #[error("picture has {width}x{height} pixels, more than {longest} on a side")]
    TooLarge {
        /// Width in pixels, as the file says.
        width: u32,
        /// Height in pixels, as the file says.
        height: u32,
        /// The limit of either, in pixels.
        longest: u32,
    },
    /// No picture can have the wanted size; the caller's mistake.
    #[error("pictures cannot have {width}x{height} pixels")]
    Size {
        /// The wanted width in pixels.
        width: u32,
        /// The wanted height in pixels.
        height: u32,
    },
    /// Pictures are enlarged two or four times; the caller's mistake.
    #[error("pictures cannot be enlarged {0} times")]
    Scale(u32),
    /// The picture was read and could not be drawn or written: a defect of this crate or of the libraries below it.
    #[error("picture could not be drawn")]
    Undrawn(#[source] Box<dyn Error + Send + Sync>),
}

impl PictureError {
    /// A failure of drawing or writing.
    pub(crate) fn undrawn(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Undrawn(error.into())
    }
}
