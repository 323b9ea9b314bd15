//! The prompt in the middle of a picture, and the mark that says where the picture comes from.

use tiny_skia::{FillRule, Paint, Pixmap, Transform};

use super::font::Font;

/// Sizes to try, in hundredths of the shorter side; the largest at which the text takes few enough lines is used.
const SIZES: [(f32, usize); 7] = [(9.0, 3), (7.0, 5), (5.5, 7), (4.4, 9), (3.4, 13), (2.6, 18), (2.0, 26)];
/// The height of a line, as a share of the size.
const LEADING: f32 = 1.28;
/// The margin left and right, in hundredths of the shorter side.
const MARGIN: f32 = 4.0;
/// The size of the mark, in hundredths of the shorter side.
const MARK: f32 = 2.4;

/// A prompt broken into lines.
pub(super) struct Caption {
    lines: Vec<String>,
    size: f32,
}

impl Caption {
    /// Lays a prompt out for a picture of this width; `unit` is a hundredth of its shorter side.
    pub(super) fn new(prompt: &str, width: f32, unit: f32) -> Self {
        let room = width - 2.0 * MARGIN * unit;
        let mut caption = Self { lines: Vec::new(), size: unit };
        for (hundredths, most) in SIZES {
            caption.size = hundredths * unit;
            let Some(font) = Font::new(caption.size) else { break };
            caption.lines = wrapped(prompt, &font, room);
            if caption.lines.len() <= most {
                return caption;
            }
        }
        caption.lines.truncate(SIZES.last().map_or(0, |(_, most)| *most));
        if let Some(last) = caption.lines.last_mut() {
            last.push('…');
        }
        caption
    }

    fn height(&self) -> f32 {
        f32::from(u8::try_from(self.lines.len()).unwrap_or(u8::MAX)) * self.size * LEADING
    }

    /// Writes the lines in the middle of the canvas, around this height.
    pub(super) fn paint(&self, canvas: &mut Pixmap, middle: f32) {
        let Some(font) = Font::new(self.size) else { return };
        let width = width_of(canvas);
        let mut base = middle - self.height() / 2.0 + self.size * 0.98;
        for line in &self.lines {
            write(canvas, &font, line, ((width - font.width(line)) / 2.0, base));
            base += self.size * LEADING;
        }
    }
}

/// Writes the mark in the upper right corner.
pub(super) fn paint_mark(canvas: &mut Pixmap, mark: &str, unit: f32) {
    let Some(font) = Font::new(MARK * unit) else { return };
    let left = width_of(canvas) - font.width(mark) - MARGIN * unit;
    write(canvas, &font, mark, (left, (MARGIN + MARK) * unit));
}

fn width_of(canvas: &Pixmap) -> f32 {
    f32::from(u16::try_from(canvas.width()).unwrap_or(u16::MAX))
}

fn write(canvas: &mut Pixmap, font: &Font, text: &str, place: (f32, f32)) {
    let Some(shape) = font.shape(text, place) else { return };
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(255, 255, 255, 255);
    canvas.fill_path(&shape, &paint, FillRule::Winding, Transform::identity(), None);
}

/// Lines that fit; a word that does not fit by itself is broken.
fn wrapped(text: &str, font: &Font, room: f32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0.0;
    let blank = font.width(" ");
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|character| font.has(*character)).collect();
        for piece in pieces(&word, font, room) {
            let width = font.width(&piece);
            if !line.is_empty() && used + blank + width > room {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
            }
            if !line.is_empty() {
                line.push(' ');
                used += blank;
            }
            line.push_str(&piece);
            used += width;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A word in pieces that fit; most words are one.
fn pieces(word: &str, font: &Font, room: f32) -> Vec<String> {
    if font.width(word) <= room {
        return (!word.is_empty()).then(|| word.to_owned()).into_iter().collect();
    }
    let mut pieces = vec![String::new()];
    for character in word.chars() {
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
            if font.width(piece) > room {
                piece.pop();
                pieces.push(character.to_string());
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_between_words_where_they_can_be() {
        let font = Font::new(20.0).unwrap();
        let room = font.width("Красивый закат");
        assert_eq!(wrapped("Красивый закат над морем", &font, room), ["Красивый закат", "над морем"]);
        let long = "ы".repeat(50);
        let lines = wrapped(&long, &font, room);
        assert!(lines.len() > 2 && lines.concat() == long && lines.iter().all(|line| font.width(line) <= room));
        assert_eq!(wrapped(" 🙂 ", &font, room), Vec::<String>::new());
    }

    #[test]
    fn a_long_prompt_is_set_smaller_and_all_of_it_is_there() {
        let short = Caption::new("Осенний лес", 1024.0, 10.24);
        let prompt = "Осенний лес и тихая река. ".repeat(39);
        let long = Caption::new(&prompt, 1024.0, 10.24);
        assert!(long.size < short.size && long.height() < 800.0, "{} {}", long.size, long.height());
        assert_eq!(long.lines.join(" "), prompt.trim());
        let endless = Caption::new(&prompt.repeat(10), 512.0, 5.12);
        assert!(endless.lines.len() == 26 && endless.lines[25].ends_with('…'));
    }
}
