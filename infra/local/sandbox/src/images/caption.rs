//! The band at the foot of a picture with its prompt, and the mark that says where it comes from.

use super::canvas::{Canvas, rect, rounded};
use super::colour::{BLACK, WHITE};
use super::font::Font;

/// Sizes to try, in hundredths of the shorter side; the largest at which the text takes few enough lines is used.
const SIZES: [(f32, usize); 6] = [(4.6, 2), (3.8, 3), (3.2, 4), (2.7, 6), (2.3, 9), (2.0, 12)];
/// The height of a line, as a share of the size.
const LEADING: f32 = 1.28;
/// The margin left and right, in hundredths of the shorter side.
const MARGIN: f32 = 4.0;

/// A prompt broken into lines.
pub(super) struct Caption {
    lines: Vec<String>,
    size: f32,
    /// Of the band, in pixels.
    pub(super) height: f32,
}

impl Caption {
    /// Lays a prompt out for a picture of this width.
    pub(super) fn new(prompt: &str, width: f32, unit: f32) -> Self {
        let room = width - 2.0 * MARGIN * unit;
        let mut lines = Vec::new();
        let mut size = unit;
        for (hundredths, most) in SIZES {
            size = hundredths * unit;
            let Some(font) = Font::new(size) else { break };
            lines = wrapped(prompt, &font, room);
            if lines.len() <= most {
                break;
            }
        }
        let most = SIZES.last().map_or(1, |(_, most)| *most);
        if lines.len() > most {
            lines.truncate(most);
            if let Some(last) = lines.last_mut() {
                last.push('…');
            }
        }
        let height = f32::from(u8::try_from(lines.len()).unwrap_or(u8::MAX)) * size * LEADING + 3.0 * unit;
        Self { lines, size, height }
    }

    /// Paints the band with its text, and the mark.
    pub(super) fn paint(&self, canvas: &mut Canvas) {
        let (unit, top) = (canvas.unit, canvas.height - self.height);
        canvas.plain(rect((0.0, top), canvas.width, self.height), BLACK.alpha(0.62));
        if let Some(font) = Font::new(self.size) {
            let mut base = top + 1.5 * unit + self.size * 0.98;
            for line in &self.lines {
                let left = (canvas.width - font.width(line)) / 2.0;
                canvas.plain(font.shape(line, (left, base)), WHITE);
                base += self.size * LEADING;
            }
        }
        let size = 2.2 * unit;
        if let Some(font) = Font::new(size) {
            let text = "sandbox";
            let (width, right) = (font.width(text), canvas.width - 2.0 * unit);
            let plate = rounded((right - width - 2.0 * unit, 2.0 * unit), width + 2.0 * unit, 3.6 * unit, 1.6 * unit);
            canvas.plain(plate, BLACK.alpha(0.45));
            canvas.plain(font.shape(text, (right - width - unit, 4.5 * unit)), WHITE.alpha(0.9));
        }
    }
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
        assert!(long.size < short.size && long.height < 330.0, "{} {}", long.size, long.height);
        assert_eq!(long.lines.join(" "), prompt.trim());
        let endless = Caption::new(&prompt.repeat(10), 512.0, 5.12);
        assert!(endless.lines.len() == 12 && endless.lines[11].ends_with('…'));
    }
}
