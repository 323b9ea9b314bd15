//! What a file says about itself, checked before a decoder believes it.
//!
//! PNG needs no check here: its decoder compares checksums, and its header is all that there is to believe.

use crate::PictureError;
use crate::error::Result;

/// Whether the last scan of a JPEG has its end. The decoder fills what is missing with grey and calls that a success, but nobody should pay for
/// half a picture. The two bytes of the end marker cannot occur inside a scan (ITU-T T.81, B.1.1.2 and B.1.1.5).
pub(crate) fn jpeg(file: &[u8]) -> Result<&[u8]> {
    const START_OF_SCAN: [u8; 2] = [0xff, 0xda];
    const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];
    let scan = file.windows(2).rposition(|pair| pair == START_OF_SCAN);
    let last_scan = scan.and_then(|at| file.get(at..)).unwrap_or_default();
    let ended = last_scan.windows(2).any(|pair| pair == END_OF_IMAGE);
    if ended { Ok(file) } else { Err(unreadable("the JPEG is cut off")) }
}

/// The part of the file that is WebP, if all its chunks are there, it is not animated, and its lossy frame is at most `longest` pixels on a side.
///
/// The decoder reserves what a chunk says that it holds, decodes a lossy frame of any size before it compares it with the canvas, and trusts the
/// frames of animations. The layout is RFC 9649, sections 2.3 to 2.7; the size of a lossy frame is in its header (RFC 6386, section 9.1).
pub(crate) fn webp(file: &[u8], longest: u32) -> Result<&[u8]> {
    let cut_off = || unreadable("the WebP is cut off");
    let size = file.get(4..8).and_then(little_endian).ok_or_else(cut_off)?;
    let file = file.get(..size.saturating_add(8)).ok_or_else(cut_off)?;
    let mut chunks = file.get(12..).ok_or_else(cut_off)?;
    while let Some((header, rest)) = chunks.split_at_checked(8) {
        let (kind, size) = header.split_at(4);
        let size = little_endian(size).ok_or_else(cut_off)?;
        let content = rest.get(..size).ok_or_else(cut_off)?;
        match kind {
            b"ANIM" | b"ANMF" => return Err(unreadable("the WebP is animated")),
            b"VP8 " => lossy_frame(content, longest)?,
            _ => {}
        }
        // Chunks of odd length are padded, though the last one's padding may be missing.
        chunks = rest.get(size.saturating_add(size % 2)..).unwrap_or_default();
    }
    Ok(file)
}

fn lossy_frame(content: &[u8], longest: u32) -> Result<()> {
    let side = |bytes: Option<&[u8]>| match bytes {
        // The upper two bits are a hint for displays.
        Some(&[low, high]) => Ok(u32::from(u16::from_le_bytes([low, high]) & 0x3fff)),
        _ => Err(unreadable("the WebP is cut off")),
    };
    let (width, height) = (side(content.get(6..8))?, side(content.get(8..10))?);
    if width > longest || height > longest {
        return Err(PictureError::TooLarge { width, height, longest });
    }
    Ok(())
}

fn little_endian(bytes: &[u8]) -> Option<usize> {
    let number = u32::from_le_bytes(bytes.try_into().ok()?);
    usize::try_from(number).ok()
}

fn unreadable(reason: &str) -> PictureError {
    PictureError::Unreadable(reason.to_owned())
}
