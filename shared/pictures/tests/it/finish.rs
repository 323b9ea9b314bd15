//! What is made of a model's file.

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage, Rgba, RgbaImage};
use pictures::{LONGEST_SIDE, Picture, PictureError, finish};

use crate::samples::{
    BLUE, FOREIGN, GREEN, RED, TRANSPARENT_WEBP, assert_halves, file, halves, is_near, look, noise, png, solid,
    turned_jpeg,
};

const FORMATS: [(u32, u32); 4] = [(1024, 1024), (2048, 1024), (2048, 2048), (512, 512)];
const DRAWN: [(u32, u32); 3] = [(1024, 1024), (1024, 512), (1536, 1024)];

fn seen(picture: &Picture) -> RgbImage {
    let seen = look(&picture.png, ImageFormat::Png);
    assert_eq!(seen.dimensions(), (picture.width, picture.height));
    seen
}

fn finished(file: &[u8], width: u32, height: u32) -> RgbImage {
    let picture = finish(file, width, height).expect("finishes");
    assert_eq!((picture.width, picture.height), (width, height));
    seen(&picture)
}

#[test]
fn every_drawn_size_becomes_every_wanted_size_with_the_middle_in_the_middle() {
    for kind in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        for (drawn_width, drawn_height) in DRAWN {
            let source = file(&halves(drawn_width, drawn_height), kind);
            for (width, height) in FORMATS {
                let picture = finish(&source, width, height).expect("finishes");
                assert_eq!((picture.width, picture.height), (width, height));
                assert_eq!((picture.drawn_width, picture.drawn_height), (drawn_width, drawn_height));
                // At most four times as large, and the filter reaches three pixels; a JPEG mixes eight more.
                let what = format!("{kind:?} {drawn_width}x{drawn_height} to {width}x{height}");
                assert_halves(&seen(&picture), 48, 2, &what);
            }
        }
    }
}

#[test]
fn a_colour_stays_that_colour() {
    for colour in [[0, 0, 0], [255, 255, 255], [128, 128, 128], [200, 30, 77], [1, 254, 127]] {
        for (kind, levels) in [(ImageFormat::Png, 0), (ImageFormat::WebP, 0), (ImageFormat::Jpeg, 3)] {
            let source = file(&solid(90, 70, colour), kind);
            for (width, height) in [(90, 70), (64, 64), (200, 100), (31, 97)] {
                for pixel in finished(&source, width, height).pixels() {
                    assert!(is_near(pixel.0, colour, levels), "{kind:?} {colour:?} became {:?}", pixel.0);
                }
            }
        }
    }
}

#[test]
fn a_picture_of_the_wanted_size_is_not_touched() {
    let drawn = noise(130, 70);
    for kind in [ImageFormat::Png, ImageFormat::WebP] {
        assert_eq!(finished(&file(&drawn, kind), 130, 70), drawn.to_rgb8());
    }
}

#[test]
fn what_does_not_fit_is_cut_equally_on_both_sides() {
    let wide = RgbImage::from_fn(300, 200, |x, _| Rgb(if (50..250).contains(&x) { RED } else { GREEN }));
    let tall = RgbImage::from_fn(200, 300, |_, y| Rgb(if (50..250).contains(&y) { RED } else { GREEN }));
    for drawn in [wide, tall] {
        let finished = finished(&png(&drawn.into()), 200, 200);
        assert!(finished.pixels().all(|pixel| pixel.0 == RED), "some of the margin is left");
    }
    let wide = RgbImage::from_fn(300, 200, |x, _| Rgb(if (52..248).contains(&x) { RED } else { GREEN }));
    let finished = finished(&png(&wide.into()), 200, 200);
    for (x, _, pixel) in finished.enumerate_pixels() {
        assert_eq!(pixel.0, if (2..198).contains(&x) { RED } else { GREEN }, "at {x}");
    }
}

#[test]
fn transparency_becomes_white() {
    let alphas = [(0, [255, 255, 255]), (255, [200, 100, 0]), (128, [227, 177, 127]), (51, [244, 224, 204])];
    for (alpha, wanted) in alphas {
        let drawn = RgbaImage::from_pixel(40, 30, Rgba([200, 100, 0, alpha]));
        for kind in [ImageFormat::Png, ImageFormat::WebP] {
            for pixel in finished(&file(&drawn.clone().into(), kind), 64, 64).pixels() {
                assert!(is_near(pixel.0, wanted, 0), "{alpha} became {:?}", pixel.0);
            }
        }
    }
    let finished = finished(TRANSPARENT_WEBP, 48, 32);
    assert!(is_near(finished.get_pixel(10, 16).0, RED, 4), "{:?}", finished.get_pixel(10, 16));
    assert_eq!(finished.get_pixel(40, 16).0, [255, 255, 255]);
}

#[test]
fn grey_and_deep_pictures_keep_their_colours() {
    let pictures: [(DynamicImage, [u8; 3]); 6] = [
        (GrayImage::from_pixel(40, 30, Luma([90])).into(), [90, 90, 90]),
        (ImageBuffer::from_pixel(40, 30, LumaA([0_u8, 255])).into(), [0, 0, 0]),
        (ImageBuffer::from_pixel(40, 30, Luma([0x5a5a_u16])).into(), [90, 90, 90]),
        (ImageBuffer::from_pixel(40, 30, LumaA([0x5a5a_u16, 0])).into(), [255, 255, 255]),
        (ImageBuffer::from_pixel(40, 30, Rgb([0xc8c8_u16, 0x6464, 0])).into(), [200, 100, 0]),
        (ImageBuffer::from_pixel(40, 30, Rgba([0xc8c8_u16, 0x6464, 0, 0xffff])).into(), [200, 100, 0]),
    ];
    for (drawn, wanted) in pictures {
        for pixel in finished(&png(&drawn), 64, 32).pixels() {
            assert_eq!(pixel.0, wanted, "{:?}", drawn.color());
        }
    }
    let grey_jpeg = file(&GrayImage::from_pixel(40, 30, Luma([90])).into(), ImageFormat::Jpeg);
    assert!(finished(&grey_jpeg, 64, 32).pixels().all(|pixel| is_near(pixel.0, [90, 90, 90], 1)));
}

#[test]
fn files_of_other_encoders_are_read() {
    for (what, file) in FOREIGN {
        let picture = finish(file, 96, 64).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((picture.drawn_width, picture.drawn_height), (48, 32), "{what}");
        assert_halves(&seen(&picture), 32, 8, what);
    }
}

#[test]
fn a_picture_that_lies_on_its_side_is_set_upright() {
    // Red on the left; turned by a quarter to the right, red is on top.
    let picture = finish(&turned_jpeg(&halves(64, 32), 6), 32, 64).expect("finishes");
    assert_eq!((picture.drawn_width, picture.drawn_height), (32, 64));
    let upright = seen(&picture);
    assert!(is_near(upright.get_pixel(16, 8).0, RED, 8));
    assert!(is_near(upright.get_pixel(16, 56).0, BLUE, 8));

    let upside_down = finished(&turned_jpeg(&halves(64, 32), 3), 64, 32);
    assert!(is_near(upside_down.get_pixel(8, 16).0, BLUE, 8));
}

#[test]
fn a_line_of_pixels_is_a_picture() {
    for (width, height) in [(1, 1), (1, LONGEST_SIDE), (LONGEST_SIDE, 1)] {
        let source = png(&solid(width, height, GREEN));
        assert!(finished(&source, 64, 32).pixels().all(|pixel| pixel.0 == GREEN));
        assert!(finished(&source, 1, 1).pixels().all(|pixel| pixel.0 == GREEN));
    }
}

#[test]
fn sizes_that_no_picture_can_have_are_refused() {
    let source = png(&solid(8, 8, RED));
    for (width, height) in [(0, 64), (64, 0), (LONGEST_SIDE + 1, 64), (64, u32::MAX)] {
        let refused = finish(&source, width, height);
        assert!(
            matches!(refused, Err(PictureError::Size { width: w, height: h }) if (w, h) == (width, height)),
            "{width}x{height}: {refused:?}"
        );
    }
}
