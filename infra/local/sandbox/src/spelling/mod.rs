//! Spelling: corrects misspelt Russian and English words and leaves everything else as it is.
//!
//! Real Hunspell dictionaries say which words exist. The correction is the likeliest known word near the misspelt one: how near is a
//! matter of typical mistakes ([`rules`]), how likely a matter of a list of frequent words. Unknown words that may be names, terms or
//! addresses stay.

mod candidates;
mod case;
mod language;
mod rules;
pub(crate) mod stem;
#[cfg(test)]
mod tests;
mod tokens;

use language::Language;
use tokens::{Token, tokens};

/// Words of more letters are left as they are.
const LONGEST_CORRECTED: usize = 30;
/// How many corrections are sought in one text. A search takes some ten milliseconds in a debug build.
const SEARCHES: usize = 300;
/// How many of them may go on to the dictionary's own suggestions, which take a tenth of a second each.
const SLOW_SEARCHES: usize = 6;

/// The text with its misspelt words corrected; equal to the original where nothing is wrong.
pub(crate) fn correct(text: &str) -> String {
    let mut writer =
        Writer { text: String::with_capacity(text.len()), searches_left: SEARCHES, slow_left: SLOW_SEARCHES };
    let parts = tokens(text);
    let mut rest = parts.as_slice();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (Token::Word(a), [Token::Gap(" "), Token::Word(b), after @ ..]) if writer.pair(a, b) => rest = after,
            (Token::Word(word), _) => writer.word(word),
            (other, _) => writer.text.push_str(other.text()),
        }
    }
    writer.text
}

/// A letter of the Russian alphabet.
pub(crate) fn is_cyrillic(c: char) -> bool {
    matches!(c, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё')
}

/// Whether a dictionary knows the word; words of other scripts count as known.
#[cfg(test)]
fn is_known(word: &str) -> bool {
    Language::of(word).is_none_or(|language| language.knows(word))
}

struct Writer {
    text: String,
    searches_left: usize,
    slow_left: usize,
}

impl Writer {
    /// Writes two words that belong together in another form; `false` if the table has no such pair.
    fn pair(&mut self, a: &str, b: &str) -> bool {
        let Some(language) = Language::of(a) else { return false };
        let Some(right) = language.phrase(&format!("{} {}", a.to_lowercase(), b.to_lowercase())) else { return false };
        self.text.push_str(&case::like(a, right));
        true
    }

    fn word(&mut self, word: &str) {
        let right = self.correction(word);
        self.text.push_str(right.as_deref().unwrap_or(word));
    }

    fn correction(&mut self, word: &str) -> Option<String> {
        let language = Language::of(word)?;
        let lower = word.to_lowercase();
        if let Some(right) = language.fixed(&lower) {
            return Some(case::like(word, right));
        }
        if let Some(right) = without_hyphen(language, word) {
            return Some(right);
        }
        let shape = Shape::of(word);
        if language.knows(word) || shape == Shape::Mixed {
            return None;
        }
        if word.contains('-') {
            return self.compound(language, word);
        }
        // The search grows with the cube of the length; nothing that long is a slip of the pen.
        if !(3..=LONGEST_CORRECTED).contains(&lower.chars().count()) {
            return None;
        }
        let first = shape == Shape::Capitalised && begins_sentence(&self.text);
        match shape {
            Shape::Lower => {}
            Shape::Capitalised if first => {}
            Shape::Upper if lower.chars().count() > 5 => {}
            // A name in the middle of a sentence, or an abbreviation.
            _ => return None,
        }
        self.searches_left = self.searches_left.checked_sub(1)?;
        let best = language.best(&lower, &mut self.slow_left)?;
        if first && !best.is_trusted_as_first() {
            return None;
        }
        Some(case::like(word, &best.word))
    }

    /// A word with hyphens, part by part.
    fn compound(&mut self, language: &Language, word: &str) -> Option<String> {
        let parts: Vec<String> =
            word.split('-').map(|part| self.correction(part).unwrap_or_else(|| part.to_owned())).collect();
        let right = parts.join("-");
        if let Some(fixed) = language.fixed(&right) {
            return Some(fixed.to_owned());
        }
        (right != word && parts.iter().all(|part| language.knows(part))).then_some(right)
    }
}

/// `хотел-бы`: a particle that stands apart.
fn without_hyphen(language: &Language, word: &str) -> Option<String> {
    let (head, particle) = word.rsplit_once('-')?;
    (matches!(particle, "бы" | "же" | "ли") && language.knows(head)).then(|| format!("{head} {particle}"))
}

/// Which letters of a word are capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Lower,
    Capitalised,
    Upper,
    Mixed,
}

impl Shape {
    fn of(word: &str) -> Self {
        let mut letters = word.chars().filter(|c| c.is_alphabetic());
        let first = letters.next().is_some_and(char::is_uppercase);
        let rest: Vec<bool> = letters.map(char::is_uppercase).collect();
        match (first, rest.iter().any(|upper| *upper), rest.iter().all(|upper| *upper)) {
            (false, false, _) => Self::Lower,
            (true, false, _) => Self::Capitalised,
            (true, true, true) => Self::Upper,
            _ => Self::Mixed,
        }
    }
}

/// Whether what follows this text is the first word of a sentence.
fn begins_sentence(before: &str) -> bool {
    let lines_end = before.trim_end_matches([' ', '\t', '«', '"', '“', '(', '—', '–', '-', '*', '#', '•']);
    lines_end.chars().next_back().is_none_or(|c| matches!(c, '.' | '!' | '?' | '…' | '\n' | ':'))
}

/// Whether all letters are Russian, or all are English.
fn script(word: &str) -> Option<bool> {
    let mut letters = word.chars().filter(|c| !matches!(c, '-' | '\'' | '’'));
    let mut rest = letters.clone();
    if letters.all(is_cyrillic) {
        Some(true)
    } else if rest.all(|c| c.is_ascii_alphabetic()) {
        Some(false)
    } else {
        None
    }
}
