//! Outlines of letters.

use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, OutlineBuilder};

/// A place in pixels.
type Place = (f32, f32);

/// PT Sans Bold: Latin and Cyrillic.
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut file = Vec::new();
    let packed: &[u8] = include_bytes!("../../fonts/pt-sans/bold.ttf.gz");
    // The file is compiled in: reading it does not fail.
    let _ = GzDecoder::new(packed).read_to_end(&mut file);
    file
});

/// The font at a size in pixels.
pub(super) struct Font {
    face: Face<'static>,
    scale: f32,
}

impl Font {
    /// The font, if its file can be read.
    pub(super) fn new(size: f32) -> Option<Self> {
        let face = Face::parse(&FILE, 0).ok()?;
        let scale = size / f32::from(face.units_per_em());
        Some(Self { face, scale })
    }

    /// Whether the font has a glyph for a character.
    pub(super) fn has(&self, character: char) -> bool {
        self.face.glyph_index(character).is_some()
    }

    /// The width of a text, in pixels.
    pub(super) fn width(&self, text: &str) -> f32 {
        let glyphs = text.chars().filter_map(|character| self.face.glyph_index(character));
        glyphs
            .filter_map(|glyph| self.face.glyph_hor_advance(glyph))
            .map(|advance| f32::from(advance) * self.scale)
            .sum()
    }

    /// The outline of a text that begins at a place on its base line.
    pub(super) fn shape(&self, text: &str, (mut x, y): Place) -> Option<Path> {
        let mut path = PathBuilder::new();
        for glyph in text.chars().filter_map(|character| self.face.glyph_index(character)) {
            self.face.outline_glyph(glyph, &mut Pen { path: &mut path, x, y, scale: self.scale });
            x += f32::from(self.face.glyph_hor_advance(glyph).unwrap_or_default()) * self.scale;
        }
        path.finish()
    }
}

/// Adds one glyph to a path. Fonts count upwards, pictures downwards.
struct Pen<'a> {
    path: &'a mut PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Pen<'_> {
    fn place(&self, x: f32, y: f32) -> Place {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.place(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.place(x1, y1), self.place(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.place(x1, y1), self.place(x2, y2), self.place(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_knows_both_alphabets() {
        let font = Font::new(20.0).unwrap();
        assert!(
            "Съешь ещё этих мягких французских булок, да выпей чаю! «—…» Quick fox 0123456789"
                .chars()
                .all(|c| font.has(c))
        );
        assert!(!font.has('🙂'));
    }

    #[test]
    fn a_longer_text_is_wider() {
        let font = Font::new(20.0).unwrap();
        let (short, long) = (font.width("Море"), font.width("Море и небо"));
        assert!(short > 20.0 && long > short * 2.0, "{short} {long}");
        let bounds = font.shape("Море", (10.0, 50.0)).unwrap().bounds();
        assert!(bounds.left() >= 9.0 && bounds.right() <= 11.0 + short && bounds.bottom() <= 56.0, "{bounds:?}");
    }
}
