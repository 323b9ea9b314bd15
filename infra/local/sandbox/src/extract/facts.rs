//! Facts in a text that may not be changed: numbers, dates, names, quotations; and definitions.

use crate::text::sentences::sentences;
use crate::text::tokens::{Token, tokens};

/// A sentence of the form «X — это Y».
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) term: String,
    pub(crate) meaning: String,
}

/// Numbers, with the word that says what they count.
pub(crate) fn numbers(text: &str) -> Vec<String> {
    let parts = tokens(text);
    let mut found = Vec::new();
    let mut rest = parts.as_slice();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let Token::Opaque(number) = first
            && number.chars().next().is_some_and(char::is_numeric)
        {
            let (number, tail) = grouped(number, tail);
            let unit = match tail {
                [Token::Gap(" " | "\u{a0}"), Token::Word(word), ..] => format!(" {word}"),
                [Token::Gap(gap), ..] if gap.starts_with('%') => "%".to_owned(),
                _ => String::new(),
            };
            push_new(&mut found, format!("{number}{unit}"));
            rest = tail;
        }
    }
    found
}

/// `4 990` is one number.
fn grouped<'a, 't>(number: &str, mut tail: &'t [Token<'a>]) -> (String, &'t [Token<'a>]) {
    let mut whole = number.to_owned();
    while let [Token::Gap(" " | "\u{a0}"), Token::Opaque(more), rest @ ..] = tail
        && more.len() == 3
        && number.len() <= 3
        && more.chars().all(|c| c.is_ascii_digit())
    {
        whole.push(' ');
        whole.push_str(more);
        tail = rest;
    }
    (whole, tail)
}

/// Words with a capital in the middle of a sentence; neighbours belong together.
pub(crate) fn names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for sentence in sentences(text) {
        let mut name: Vec<&str> = Vec::new();
        let mut first = true;
        for token in tokens(sentence) {
            match token {
                Token::Word(word) => {
                    let capital = word.chars().next().is_some_and(char::is_uppercase);
                    if capital && !first {
                        name.push(word);
                    } else {
                        flush(&mut found, &mut name);
                    }
                    first = false;
                }
                Token::Gap(" ") => {}
                Token::Gap(_) | Token::Opaque(_) => flush(&mut found, &mut name),
            }
        }
        flush(&mut found, &mut name);
    }
    found
}

/// What stands in quotation marks.
pub(crate) fn quotations(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((inner, after)) = rest.split_once('«').and_then(|(_, from)| from.split_once('»')) {
        push_new(&mut found, inner.trim().to_owned());
        rest = after;
    }
    found
}

/// The definitions that a text gives.
pub(crate) fn definitions(text: &str) -> Vec<Definition> {
    let mut found: Vec<Definition> = Vec::new();
    for sentence in sentences(text) {
        let parts = [" — это ", " – это ", " - это ", " это ", " is a ", " is an ", " is the "]
            .into_iter()
            .find_map(|link| sentence.split_once(link));
        let Some((term, meaning)) = parts else { continue };
        let term = term.trim_matches([' ', '«', '»', '"']);
        let meaning = meaning.trim().trim_end_matches(['.', '!']);
        let words = term.split_whitespace().count();
        let is_term = (1..=4).contains(&words) && !term.contains([',', ':']) && meaning.split_whitespace().count() >= 3;
        if is_term && !found.iter().any(|known| known.term.eq_ignore_ascii_case(term)) {
            found.push(Definition { term: term.to_owned(), meaning: meaning.to_owned() });
        }
    }
    found
}

fn flush(found: &mut Vec<String>, name: &mut Vec<&str>) {
    if !name.is_empty() {
        push_new(found, name.join(" "));
        name.clear();
    }
}

fn push_new(found: &mut Vec<String>, item: String) {
    if !item.is_empty() && !found.contains(&item) {
        found.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_with_what_they_count() {
        assert_eq!(
            numbers("В 2024 году — 15 тонн, рост 3,5% и 24 990 руб."),
            ["2024 году", "15 тонн", "3,5%", "24 990 руб"]
        );
    }

    #[test]
    fn names_and_quotations_are_found() {
        assert_eq!(
            names("Вчера Александр Пушкин был в Москве. Там он читал «Онегина»."),
            ["Александр Пушкин", "Москве", "Онегина"]
        );
        assert_eq!(quotations("Он сказал «да» и «нет»."), ["да", "нет"]);
    }

    #[test]
    fn definitions_are_found() {
        let found = definitions(
            "Фотосинтез — это процесс образования веществ на свету. Было тихо. Хлорофилл – это зелёный пигмент растений.",
        );
        assert_eq!(
            found.iter().map(|definition| definition.term.as_str()).collect::<Vec<_>>(),
            ["Фотосинтез", "Хлорофилл"]
        );
        assert_eq!(found[0].meaning, "процесс образования веществ на свету");
    }
}
