//! Splits a text into words and the rest.

/// One part of a text; joined, the parts give the text back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Letters, with inner hyphens and apostrophes.
    Word(&'a str),
    /// An address, a number, a tag, an identifier: nothing that a dictionary knows.
    Opaque(&'a str),
    /// Blanks and punctuation.
    Gap(&'a str),
}

impl<'a> Token<'a> {
    /// The part's text.
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Word(text) | Self::Opaque(text) | Self::Gap(text) => text,
        }
    }
}

/// Splits a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let blanks = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let (gap, from) = rest.split_at_checked(blanks).unwrap_or((rest, ""));
        if !gap.is_empty() {
            found.push(Token::Gap(gap));
        }
        let end = from.find(char::is_whitespace).unwrap_or(from.len());
        let (chunk, after) = from.split_at_checked(end).unwrap_or((from, ""));
        split_chunk(chunk, &mut found);
        rest = after;
    }
    found
}

/// A run of characters without blanks.
fn split_chunk<'a>(chunk: &'a str, found: &mut Vec<Token<'a>>) {
    if chunk.is_empty() {
        return;
    }
    if is_opaque(chunk) {
        let end = chunk.trim_end_matches([',', '.', '!', '?', ';', ')', '»', '"']).len();
        let (inner, tail) = chunk.split_at_checked(end).unwrap_or((chunk, ""));
        if !inner.is_empty() {
            found.push(Token::Opaque(inner));
        }
        if !tail.is_empty() {
            found.push(Token::Gap(tail));
        }
        return;
    }
    let mut rest = chunk;
    while let Some(first) = rest.chars().next() {
        let end = if first.is_alphanumeric() {
            word_end(rest)
        } else {
            rest.find(char::is_alphanumeric).unwrap_or(rest.len())
        };
        let (part, after) = rest.split_at_checked(end.max(first.len_utf8())).unwrap_or((rest, ""));
        found.push(match first {
            _ if part.chars().any(char::is_numeric) => Token::Opaque(part),
            c if c.is_alphabetic() => Token::Word(part),
            _ => Token::Gap(part),
        });
        rest = after;
    }
}

/// Where the word or number at the beginning of the text ends; a hyphen or an apostrophe counts if a letter follows, a decimal or time mark
/// if a digit does.
fn word_end(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut last = ' ';
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        let joins = match c {
            '-' | '\'' | '’' => next.is_alphanumeric(),
            ',' | '.' | ':' => last.is_ascii_digit() && next.is_ascii_digit(),
            _ => false,
        };
        if !c.is_alphanumeric() && !joins {
            return at;
        }
        last = c;
    }
    text.len()
}

fn is_opaque(chunk: &str) -> bool {
    if chunk.starts_with(['#', '@', '/', '\\', '`', '$', '~']) && chunk.chars().any(char::is_alphanumeric) {
        return true;
    }
    if chunk.contains("://")
        || chunk.contains(['@', '_', '\\', '`', '=', '{', '}', '<', '>'])
        || chunk.starts_with("www.")
    {
        return true;
    }
    let around = |(at, _): (usize, &str)| {
        let before = chunk.get(..at).and_then(|head| head.chars().next_back());
        let after = chunk.get(at + 1..).and_then(|tail| tail.chars().next());
        before.zip(after)
    };
    chunk
        .match_indices(['.', '/', '+'])
        .filter_map(around)
        .any(|(a, b)| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<&str> {
        tokens(text).into_iter().filter_map(|token| matches!(token, Token::Word(_)).then_some(token.text())).collect()
    }

    #[test]
    fn the_parts_join_to_the_text() {
        for text in [
            "",
            "  ",
            "Привет,  мир!\n",
            "см. https://a.ru/путь?x=1.",
            "e-mail: a@b.com; C++ и 3D-печать",
            "«ёж»—это",
            "🙂x",
        ] {
            assert_eq!(tokens(text).into_iter().map(Token::text).collect::<String>(), text);
        }
    }

    #[test]
    fn words_keep_their_hyphens_and_apostrophes() {
        assert_eq!(words_of("Кто-нибудь, don't «стой» - конец."), ["Кто-нибудь", "don't", "стой", "конец"]);
        assert_eq!(words_of("конец.Начало"), ["конец", "Начало"]);
    }

    #[test]
    fn addresses_numbers_and_tags_are_no_words() {
        assert_eq!(
            words_of(
                "https://example.com/привет ivan@mail.ru example.com #тег @имя iPhone15 2-й v1.2 snake_case TCP/IP"
            ),
            [""; 0]
        );
    }
}
