//! Image files of vendors.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use domain::gateway::ProviderError;

use crate::provider_error::broken;

/// Standard base64 with optional padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64, or a data URL, which some compatible servers send instead.
pub(super) fn from_base64(text: &str) -> Result<Vec<u8>, ProviderError> {
    let text = match text.strip_prefix("data:") {
        Some(url) => url.split_once(";base64,").map_or("", |(_, text)| text),
        None => text,
    };
    let file = BASE64.decode(text.trim()).map_err(|_| broken("the picture is not base64"))?;
    picture(file)
}

/// Accepts PNG, JPEG and WebP by their first bytes: a web page or an error in its place is a failure of the vendor.
pub(super) fn picture(file: Vec<u8>) -> Result<Vec<u8>, ProviderError> {
    let is_webp = file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP");
    let known = is_webp || file.starts_with(b"\x89PNG\r\n\x1a\n") || file.starts_with(b"\xff\xd8\xff");
    if known { Ok(file) } else { Err(broken("the file is no picture")) }
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
            assert!(matches!(from_base64(text), Err(ProviderError::Broken(_))), "{text}");
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
