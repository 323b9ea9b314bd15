//! Pictures to try things on, and a look at what came of them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage};

pub(crate) const RED: [u8; 3] = [255, 0, 0];
pub(crate) const BLUE: [u8; 3] = [0, 0, 255];
pub(crate) const GREEN: [u8; 3] = [0, 255, 0];

/// Files of kinds that nothing here can write, each 48x32 and red on the left, blue on the right. Pillow 13 wrote them, with libwebp, libjpeg-turbo
/// and its own PNG encoder.
pub(crate) const FOREIGN: [(&str, &[u8]); 5] = [
    ("lossy WebP", include_bytes!("files/lossy.webp")),
    ("progressive JPEG", include_bytes!("files/progressive.jpg")),
    ("JPEG with 4:2:0 and restart markers", include_bytes!("files/subsampled.jpg")),
    ("CMYK JPEG", include_bytes!("files/cmyk.jpg")),
    ("PNG with a palette", include_bytes!("files/palette.png")),
];

/// As [`FOREIGN`], but wholly transparent on the right.
pub(crate) const TRANSPARENT_WEBP: &[u8] = include_bytes!("files/lossy_transparent.webp");

/// Two frames.
pub(crate) const ANIMATED_WEBP: &[u8] = include_bytes!("files/animated.webp");

/// One colour.
pub(crate) fn solid(width: u32, height: u32, colour: [u8; 3]) -> DynamicImage {
    RgbImage::from_pixel(width, height, Rgb(colour)).into()
}

/// Red on the left, blue on the right.
pub(crate) fn halves(width: u32, height: u32) -> DynamicImage {
    RgbImage::from_fn(width, height, |x, _| Rgb(if x < width / 2 { RED } else { BLUE })).into()
}

/// Something different everywhere: what the filter sees beyond an edge matters.
pub(crate) fn noise(width: u32, height: u32) -> DynamicImage {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    RgbImage::from_fn(width, height, |_, _| Rgb([next(), next(), next()])).into()
}

/// A file of a picture; WebP is lossless.
pub(crate) fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("encodes");
    file.into_inner()
}

pub(crate) fn png(picture: &DynamicImage) -> Vec<u8> {
    file(picture, ImageFormat::Png)
}

/// A JPEG that a camera took while it lay on its side: Exif orientation as in section 4.6.4 of the standard.
pub(crate) fn turned_jpeg(picture: &DynamicImage, orientation: u8) -> Vec<u8> {
    // A little-endian TIFF header, then one entry: tag 0x0112, type SHORT, one value.
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 95);
    encoder.set_exif_metadata(exif).expect("JPEG has Exif");
    picture.write_with_encoder(encoder).expect("encodes");
    file
}

/// What a file shows. It must be of the given format, without transparency, eight bits per channel.
pub(crate) fn look(file: &[u8], format: ImageFormat) -> RgbImage {
    assert_eq!(image::guess_format(file).expect("a picture"), format);
    match image::load_from_memory(file).expect("decodes") {
        DynamicImage::ImageRgb8(picture) => picture,
        other => panic!("the file is {:?}", other.color()),
    }
}

/// Whether two colours differ by no more than `levels` in any channel.
pub(crate) fn is_near(found: [u8; 3], wanted: [u8; 3], levels: u8) -> bool {
    found.iter().zip(wanted).all(|(found, wanted)| found.abs_diff(wanted) <= levels)
}

/// Asserts that a picture is red on the left and blue on the right, apart from a band around the middle where the filter mixes them.
pub(crate) fn assert_halves(picture: &RgbImage, band: u32, levels: u8, what: &str) {
    let middle = picture.width() / 2;
    for (x, y, pixel) in picture.enumerate_pixels() {
        if x.abs_diff(middle) > band {
            let wanted = if x < middle { RED } else { BLUE };
            assert!(is_near(pixel.0, wanted, levels), "{what}: {:?} at {x}, {y}", pixel.0);
        }
    }
}
