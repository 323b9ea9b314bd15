//! Picture files as vendors send them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use domain::generation::image::ImageError;

/// Standard base64, its padding optional.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The file in a base64 text. Some servers that imitate a vendor send a data URL instead; it is taken too.
pub(super) fn from_base64(text: &str) -> Result<Vec<u8>, ImageError> {
    let text = match text.strip_prefix("data:") {
        Some(url) => url.split_once(";base64,").map_or("", |(_, text)| text),
        None => text,
    };
    let file = BASE64.decode(text.trim()).map_err(|_| broken("the picture is not base64"))?;
    picture(file)
}

/// The file, if it begins as a PNG, JPEG or WebP does: a web page or an error in its place is the vendor's failure, and
/// another vendor can be asked.
pub(super) fn picture(file: Vec<u8>) -> Result<Vec<u8>, ImageError> {
    let is_webp = file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP");
    let known = is_webp || file.starts_with(b"\x89PNG\r\n\x1a\n") || file.starts_with(b"\xff\xd8\xff");
    if known { Ok(file) } else { Err(broken("the file is no picture")) }
}

fn broken(reason: &str) -> ImageError {
    ImageError::Broken(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_with_and_without_padding_and_data_url() {
        for text in ["/9j/4AA=", "/9j/4AA", "data:image/jpeg;base64,/9j/4AA=", "\n/9j/4AA=\n"] {
            assert_eq!(from_base64(text).unwrap(), b"\xff\xd8\xff\xe0\x00", "{text}");
        }
        for text in ["", "data:image/jpeg,x", "https://cdn/1.png", "/9j/4AA=!", "bm90IGEgcGljdHVyZQ=="] {
            assert!(matches!(from_base64(text), Err(ImageError::Broken(_))), "{text}");
        }
    }

    #[test]
    fn three_formats_are_known() {
        for file in [&b"\x89PNG\r\n\x1a\n\0"[..], b"\xff\xd8\xff\xe0", b"RIFF\x10\0\0\0WEBPVP8 "] {
            assert_eq!(picture(file.to_vec()).unwrap(), file);
        }
        for file in [&b""[..], b"\x89PN", b"<html>", b"RIFF\x10\0\0\0WAVE", b"GIF89a"] {
            assert!(picture(file.to_vec()).is_err());
        }
    }
}
