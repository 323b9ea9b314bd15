//! Enlargements.

use std::io::Cursor;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::{DynamicImage, ImageFormat};
use pictures::{ENLARGED_FROM, Picture, PictureError, enlarge, finish};

use crate::samples::{FOREIGN, GREEN, assert_halves, file, halves, look, noise, png, solid};

/// The pixels of a picture enlarged at once, by the library alone.
fn at_once(picture: &DynamicImage, scale: u32) -> Vec<u8> {
    let source = picture.to_rgb8();
    let (width, height) = source.dimensions();
    let from = ImageRef::new(width, height, &source, PixelType::U8x3).expect("source");
    let mut to = Image::new(width * scale, height * scale, PixelType::U8x3);
    Resizer::new().resize(&from, &mut to, &ResizeOptions::new()).expect("resizes");
    to.into_vec()
}

fn pixels(picture: &Picture) -> Vec<u8> {
    look(&picture.png, ImageFormat::Png).into_raw()
}

#[test]
fn there_are_no_seams_between_strips() {
    // Strips have 256 rows: a part of one, exactly one, one and a little more, and several.
    for (width, height) in [(1, 1), (7, 63), (50, 64), (33, 65), (20, 128), (40, 129), (64, 131), (100, 200), (3, 579)]
    {
        let source = noise(width, height);
        for scale in [2, 4] {
            let picture = enlarge(&png(&source), scale).expect("enlarges");
            assert!(pixels(&picture) == at_once(&source, scale), "{width}x{height} enlarged {scale} times has seams");
        }
    }
}

#[test]
fn every_format_becomes_two_and_four_times_as_large() {
    for (width, height) in [(1024, 1024), (2048, 1024), (2048, 2048), (512, 512)] {
        let source = finish(&png(&halves(640, 640)), width, height).expect("finishes").png;
        for scale in [2, 4] {
            let picture = enlarge(&source, scale).expect("enlarges");
            assert_eq!((picture.width, picture.height), (width * scale, height * scale));
            assert_eq!((picture.drawn_width, picture.drawn_height), (width, height));
            // Row by row, as the pixels of the largest would take 201 MB.
            let mut rows = png::Decoder::new(Cursor::new(&picture.png)).read_info().expect("a PNG");
            assert_eq!(rows.info().size(), (picture.width, picture.height));
            assert_eq!(rows.output_color_type(), (png::ColorType::Rgb, png::BitDepth::Eight));
            let mut count = 0;
            while let Some(row) = rows.next_row().expect("a row") {
                let (left, right) = (&row.data()[..3], &row.data()[row.data().len() - 3..]);
                assert!(left == [255, 0, 0] && right == [0, 0, 255], "{left:?} and {right:?} in row {count}");
                count += 1;
            }
            assert_eq!(count, picture.height);
        }
    }
}

#[test]
fn colours_and_places_stay() {
    let picture = enlarge(&png(&solid(70, 90, [200, 30, 77])), 4).expect("enlarges");
    assert!(pixels(&picture).chunks(3).all(|pixel| pixel == [200, 30, 77]));

    let picture = enlarge(&png(&halves(100, 80)), 4).expect("enlarges");
    assert_halves(&look(&picture.png, ImageFormat::Png), 12, 0, "enlarged");
}

#[test]
fn other_files_than_png_are_enlarged_too() {
    for (what, file) in FOREIGN {
        let picture = enlarge(file, 2).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((picture.width, picture.height), (96, 64), "{what}");
    }
    let source = noise(50, 90);
    let picture = enlarge(&file(&source, ImageFormat::WebP), 2).expect("enlarges");
    assert!(pixels(&picture) == at_once(&source, 2));
}

#[test]
fn other_scales_are_refused() {
    for scale in [0, 1, 3, 8, u32::MAX] {
        let refused = enlarge(&png(&solid(8, 8, GREEN)), scale);
        assert!(matches!(refused, Err(PictureError::Scale(found)) if found == scale), "{refused:?}");
    }
}

#[test]
fn a_picture_that_is_large_already_is_refused() {
    let largest = enlarge(&png(&solid(ENLARGED_FROM, 1, GREEN)), 4).expect("enlarges");
    assert_eq!((largest.width, largest.height), (8192, 4));
    for (width, height) in [(ENLARGED_FROM + 1, 1), (1, ENLARGED_FROM + 1)] {
        let refused = enlarge(&png(&solid(width, height, GREEN)), 2);
        assert!(
            matches!(refused, Err(PictureError::TooLarge { width: w, height: h, longest: ENLARGED_FROM }) if (w, h) == (width, height)),
            "{refused:?}"
        );
    }
}
