//! Thumbnails.

use image::ImageFormat;
use pictures::{LONGEST_SIDE, PictureError, finish, thumbnail};

use crate::samples::{BLUE, RED, assert_halves, file, halves, is_near, look, noise, png, solid};

#[test]
fn the_longest_side_has_the_wanted_length_and_the_shape_stays() {
    let sizes = [
        ((1024, 1024), (320, 320)),
        ((2048, 1024), (320, 160)),
        ((2048, 2048), (320, 320)),
        ((512, 512), (320, 320)),
        ((600, 1000), (192, 320)),
        ((999, 1000), (320, 320)),
        ((LONGEST_SIDE, 1), (320, 1)),
    ];
    for ((width, height), wanted) in sizes {
        let made = thumbnail(&png(&halves(width, height)), 320).expect("shrinks");
        let made = look(&made, ImageFormat::Jpeg);
        assert_eq!(made.dimensions(), wanted, "{width}x{height}");
        assert_halves(&made, 12, 6, "thumbnail");
    }
}

#[test]
fn a_small_picture_keeps_its_size() {
    let made = look(&thumbnail(&png(&solid(100, 50, BLUE)), 320).expect("made"), ImageFormat::Jpeg);
    assert_eq!(made.dimensions(), (100, 50));
    assert!(made.pixels().all(|pixel| is_near(pixel.0, BLUE, 3)));
}

#[test]
fn thumbnails_are_made_of_finished_pictures_and_of_files() {
    let drawn = file(&solid(600, 400, RED), ImageFormat::Jpeg);
    let finished = finish(&drawn, 512, 512).expect("finishes").png;
    for (source, wanted) in [(&drawn, (320, 213)), (&finished, (320, 320))] {
        assert_eq!(look(&thumbnail(source, 320).expect("shrinks"), ImageFormat::Jpeg).dimensions(), wanted);
    }
}

#[test]
fn a_thumbnail_is_small_even_of_noise() {
    let made = thumbnail(&png(&noise(1024, 1024)), 320).expect("shrinks");
    assert!(made.len() < 100_000, "{} bytes", made.len());
}

#[test]
fn thumbnails_without_pixels_are_refused() {
    for longest in [0, LONGEST_SIDE + 1] {
        let refused = thumbnail(&png(&solid(8, 8, RED)), longest);
        assert!(matches!(refused, Err(PictureError::Size { .. })), "{refused:?}");
    }
}
