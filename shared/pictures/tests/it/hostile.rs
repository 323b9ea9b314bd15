//! Files that are damaged, that lie, or that are no pictures.

use image::{DynamicImage, ImageFormat, RgbImage, Rgba, RgbaImage};
use pictures::{LONGEST_SIDE, Picture, PictureError, enlarge, finish, thumbnail};
use proptest::prelude::*;

use crate::samples::{ANIMATED_WEBP, FOREIGN, TRANSPARENT_WEBP, file, look, noise, png, solid, turned_jpeg};

/// A small file of each kind.
fn files() -> Vec<(String, Vec<u8>)> {
    let alpha = |x: u32, y: u32| u8::try_from(x * y / 2).expect("at most 172");
    let clear: DynamicImage = RgbaImage::from_fn(24, 16, |x, y| Rgba([200, 30, 77, alpha(x, y)])).into();
    let made = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP]
        .into_iter()
        .map(|kind| (format!("noise as {kind:?}"), file(&noise(24, 16), kind)));
    let clear = [ImageFormat::Png, ImageFormat::WebP]
        .into_iter()
        .map(|kind| (format!("transparent {kind:?}"), file(&clear, kind)));
    let deep = std::iter::once(("deep PNG".to_owned(), png(&noise(24, 16).to_rgba16().into())));
    let turned = std::iter::once(("turned JPEG".to_owned(), turned_jpeg(&noise(24, 16), 6)));
    let foreign = FOREIGN.into_iter().chain([("WebP with alpha", TRANSPARENT_WEBP), ("animation", ANIMATED_WEBP)]);
    let foreign = foreign.map(|(what, file)| (what.to_owned(), file.to_vec()));
    made.chain(clear).chain(deep).chain(turned).chain(foreign).collect()
}

fn is_unreadable(result: &Result<Picture, PictureError>) -> bool {
    matches!(result, Err(PictureError::Unreadable(_)))
}

/// A PNG that is a header and says what follows is `width` times `height` pixels.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut file = png(&solid(1, 1, [0, 0, 0]));
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc(&file[12..29]);
    file[29..33].copy_from_slice(&sum.to_be_bytes());
    file
}

/// The checksum of PNG's chunks, bit by bit (PNG, annex D).
fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}

fn assert_too_large(file: &[u8], width: u32, height: u32) {
    let refused = finish(file, 64, 64);
    let Err(PictureError::TooLarge { width: w, height: h, longest: LONGEST_SIDE }) = refused else {
        panic!("{width}x{height}: {refused:?}");
    };
    assert_eq!((w, h), (width, height));
    assert!(matches!(thumbnail(file, 320), Err(PictureError::TooLarge { .. })));
    assert!(matches!(enlarge(file, 2), Err(PictureError::TooLarge { .. })));
}

#[test]
fn a_png_that_claims_too_many_pixels_is_not_decoded() {
    for (width, height) in [(60_000, 60_000), (LONGEST_SIDE + 1, 1), (1, LONGEST_SIDE + 1), (60_000, 1)] {
        assert_too_large(&png_that_claims(width, height), width, height);
    }
    assert!(finish(&png_that_claims(0x7fff_ffff, 0x7fff_ffff), 64, 64).is_err());
}

#[test]
fn a_jpeg_that_claims_too_many_pixels_is_not_decoded() {
    let mut jpeg = file(&solid(16, 16, [0, 0, 0]), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame header");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_too_large(&jpeg, 65_535, 65_535);
}

#[test]
fn a_webp_that_claims_too_many_pixels_is_not_decoded() {
    let lossy = FOREIGN[0].1;
    let frame = lossy.windows(3).position(|bytes| bytes == [0x9d, 0x01, 0x2a]).expect("a frame header");
    let mut claims = lossy.to_vec();
    claims[frame + 3..frame + 7].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    assert_too_large(&claims, 16_383, 16_383);

    // The canvas is small, and only the frame inside is not.
    let frame = TRANSPARENT_WEBP.windows(3).position(|bytes| bytes == [0x9d, 0x01, 0x2a]).expect("a frame header");
    let mut claims = TRANSPARENT_WEBP.to_vec();
    claims[frame + 3..frame + 7].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    assert_too_large(&claims, 16_383, 16_383);

    // Width and height less one, 14 bits each, after a byte of signature.
    let mut lossless = file(&solid(16, 16, [0, 0, 0]), ImageFormat::WebP);
    let size = lossless.windows(4).position(|bytes| bytes == b"VP8L").expect("a chunk") + 9;
    lossless[size..size + 4].copy_from_slice(&(0x3ffe_u32 << 14 | 0x3ffe).to_le_bytes());
    assert_too_large(&lossless, 16_383, 16_383);
}

#[test]
fn a_webp_chunk_that_is_longer_than_its_file_is_not_believed() {
    let mut claims = TRANSPARENT_WEBP.to_vec();
    claims[20] |= 0x08;
    claims.extend(b"EXIF\xff\xff\xff\xff");
    let size = u32::try_from(claims.len() - 8).expect("small");
    claims[4..8].copy_from_slice(&size.to_le_bytes());
    assert!(is_unreadable(&finish(&claims, 64, 64)));
}

#[test]
fn a_colour_profile_that_unpacks_to_megabytes_does_no_harm() {
    let pixels = RgbImage::new(16, 16);
    let mut bomb = Vec::new();
    let mut info = png::Info::with_size(16, 16);
    info.color_type = png::ColorType::Rgb;
    info.icc_profile = Some(vec![0; 64 << 20].into());
    let mut writer = png::Encoder::with_info(&mut bomb, info).expect("info").write_header().expect("header");
    writer.write_image_data(&pixels).expect("pixels");
    writer.finish().expect("end");
    assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
    let picture = finish(&bomb, 16, 16).expect("the picture itself is fine");
    assert_eq!(look(&picture.png, ImageFormat::Png), pixels);
}

#[test]
fn animations_and_other_files_are_unreadable() {
    let gif =
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let magic = [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff", b"RIFF\x04\0\0\0WEBP", b"RIFF\xff\xff\xff\xffWEBP"];
    let others =
        [b"", &b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..], b"{\"error\":\"quota\"}", gif, ANIMATED_WEBP];
    for file in magic.into_iter().chain(others) {
        assert!(is_unreadable(&finish(file, 64, 64)), "{file:?}");
        assert!(matches!(thumbnail(file, 320), Err(PictureError::Unreadable(_))), "{file:?}");
        assert!(is_unreadable(&enlarge(file, 2)), "{file:?}");
    }
}

#[test]
fn a_png_without_pixels_is_unreadable() {
    for (width, height) in [(0, 16), (16, 0), (0, 0)] {
        assert!(is_unreadable(&finish(&png_that_claims(width, height), 64, 64)));
    }
}

#[test]
fn a_file_that_is_cut_off_is_never_half_a_picture() {
    for (what, file) in files().into_iter().filter(|(_, file)| file != ANIMATED_WEBP) {
        let whole = finish(&file, 24, 16).unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut refused = 0;
        for length in 0..file.len() {
            match finish(&file[..length], 24, 16) {
                Err(PictureError::Unreadable(_)) => refused += 1,
                // Nothing but the last marker is missing.
                Ok(picture) => assert!(picture == whole, "{what}: {length} of {} bytes are half a picture", file.len()),
                Err(other) => panic!("{what}: {other}"),
            }
        }
        assert!(refused + 20 > file.len(), "{what}: {refused} of {} were refused", file.len());
    }
}

/// One of the files, with some bytes changed and perhaps cut off.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let files: Vec<_> = files().into_iter().map(|(_, file)| file).collect();
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let cut = proptest::option::weighted(0.3, any::<prop::sample::Index>());
    (proptest::sample::select(files), changes, cut).prop_map(|(mut file, changes, cut)| {
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        file
    })
}

fn survives(file: &[u8]) {
    if let Ok(picture) = finish(file, 20, 30) {
        assert_eq!(look(&picture.png, ImageFormat::Png).dimensions(), (20, 30));
    }
    if let Ok(made) = thumbnail(file, 16) {
        let (width, height) = look(&made, ImageFormat::Jpeg).dimensions();
        assert!((1..=16).contains(&width) && (1..=16).contains(&height), "{width}x{height}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_refused_or_drawn_but_never_panic(file in damaged()) {
        survives(&file);
    }

    #[test]
    fn damaged_headers_are_refused_or_drawn_but_never_panic(
        (file, changes) in (proptest::sample::select(files()), proptest::collection::vec((0_usize..64, any::<u8>()), 1..4))
    ) {
        let (_, mut file) = file;
        for (at, byte) in changes {
            if let Some(place) = file.get_mut(at) {
                *place = byte;
            }
        }
        survives(&file);
    }

    #[test]
    fn rubbish_is_refused(
        kind in proptest::sample::select(vec![&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff\xe0", b"RIFF\x80\0\0\0WEBPVP8 "]),
        rubbish in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let file = [kind, &rubbish].concat();
        prop_assert!(finish(&file, 20, 30).is_err());
    }
}
