//! A plausible token count, the same for the same text.
//!
//! Real tokenisers take about four Latin or three Cyrillic letters as one token, and a punctuation mark as one.

/// The tokens of a text.
pub(crate) fn count(text: &str) -> u32 {
    pieces(text).map(weight).sum()
}

/// Splits a text into the pieces of streamed chunks: a word with the blanks before it, or one mark. Joined, they are the text.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let blanks = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let word = rest.get(blanks..).unwrap_or_default();
        let letters = word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len());
        let mark = word.chars().next().map_or(0, char::len_utf8);
        let (piece, tail) = rest.split_at_checked(blanks + letters.max(mark))?;
        rest = tail;
        Some(piece)
    })
}

/// The longest beginning of the text that takes at most `limit` tokens, and whether anything was cut off.
pub(crate) fn cut(text: &str, limit: Option<u32>) -> (&str, bool) {
    let Some(limit) = limit else { return (text, false) };
    let mut spent = 0;
    let mut end = 0;
    for piece in pieces(text) {
        spent += weight(piece);
        if spent > limit {
            return (text.get(..end).unwrap_or_default(), true);
        }
        end += piece.len();
    }
    (text, false)
}

fn weight(piece: &str) -> u32 {
    let letters =
        |keep: fn(&char) -> bool| u32::try_from(piece.trim_start().chars().filter(keep).count()).unwrap_or(u32::MAX);
    let narrow = letters(char::is_ascii);
    let wide = letters(|c| !c.is_ascii());
    (narrow.div_ceil(4) + wide.div_ceil(3)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_text() {
        for text in ["", " ", "Привет, мир!", "# План\n\n1. Один\n2. Два  \n", "a+b", "🙂🙂 x"]
        {
            assert_eq!(pieces(text).collect::<String>(), text);
        }
    }

    #[test]
    fn counts_are_near_those_of_real_tokenisers() {
        assert_eq!(count("Hello, world!"), 6);
        assert_eq!(count("Привет мир"), 3);
        assert_eq!(count(""), 0);
    }

    #[test]
    fn cutting_says_whether_anything_was_lost() {
        assert_eq!(cut("Привет мир", None), ("Привет мир", false));
        assert_eq!(cut("Привет мир", Some(3)), ("Привет мир", false));
        assert_eq!(cut("Привет мир", Some(2)), ("Привет", true));
        assert_eq!(cut("Привет мир", Some(1)), ("", true));
    }
}
