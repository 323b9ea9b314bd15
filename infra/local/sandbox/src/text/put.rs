//! Writing formatted text to the end of a string.

use std::fmt::{Arguments, Write as _};

/// Appends formatted text. A string takes everything, so there is no error.
pub(crate) fn put(out: &mut String, text: Arguments<'_>) {
    out.write_fmt(text).unwrap_or_default();
}
