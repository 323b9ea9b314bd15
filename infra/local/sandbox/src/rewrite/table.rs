//! A table of replacements for words and phrases.
//!
//! A line `from = to` replaces these very words; `class stem = class stem` replaces every form of a word by the same form of another one.
//! Words of one gender and number go together, so the sentence around them stays grammatical. Where a form is ambiguous (`помощь` is
//! nominative and accusative) and the new word has two forms for it, the form is left alone.

use std::collections::HashMap;

use crate::text::case;

/// Endings of a word class, in a fixed order for all classes of one part of speech.
const CLASSES: &[(&str, &[&str])] = &[
    // Adjectives: важный, and with the short form важно.
    ("a", &["ый", "ого", "ому", "ым", "ом", "ая", "ой", "ую", "ое", "ые", "ых", "ыми", "о"]),
    // Masculine nouns: метод, итог, показатель.
    ("m", &["", "а", "у", "ом", "е", "ы", "ов", "ам", "ами", "ах"]),
    ("mk", &["", "а", "у", "ом", "е", "и", "ов", "ам", "ами", "ах"]),
    ("ms", &["ь", "я", "ю", "ем", "е", "и", "ей", "ям", "ями", "ях"]),
    // Feminine nouns, without the genitive plural: цена, ошибка, компания, трудность.
    ("f", &["а", "ы", "е", "у", "ой", "ам", "ами", "ах"]),
    ("fk", &["а", "и", "е", "у", "ой", "ам", "ами", "ах"]),
    ("fi", &["я", "и", "и", "ю", "ей", "ям", "ями", "ях"]),
    ("fo", &["ь", "и", "и", "ь", "ью", "ям", "ями", "ях"]),
    // Neuter nouns: применение, число.
    ("ni", &["ие", "ия", "ию", "ием", "ии", "иям", "иями", "иях"]),
    ("no", &["о", "а", "у", "ом", "е", "ам", "ами", "ах"]),
    // Verbs: показывать, использовать, повысить (past and infinitive only).
    ("v", &["ю", "ешь", "ет", "ем", "ете", "ют", "ть", "л", "ла", "ло", "ли", "я"]),
    ("vu", &["ую", "уешь", "ует", "уем", "уете", "уют", "овать", "овал", "овала", "овало", "овали", "уя"]),
    ("vi", &["ить", "ил", "ила", "ило", "или"]),
];

/// Begins no sentence in good style.
const LATE: &str = "потому что";

/// What to write instead of what.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By the first word; longest phrase first.
    phrases: HashMap<String, Vec<(String, String)>>,
}

impl Table {
    /// Reads the files; what an earlier one says wins.
    pub(super) fn parse(files: &[&str]) -> Self {
        let mut rows: HashMap<String, String> = HashMap::new();
        for file in files {
            let mut fresh: HashMap<String, Option<String>> = HashMap::new();
            for line in file.lines().filter(|line| !line.starts_with('#')) {
                let Some((from, to)) = line.split_once(" =") else { continue };
                for (from, to) in expand(from.trim(), to.trim()) {
                    let ambiguous = fresh.get(&from).is_some_and(|known| known.as_ref() != Some(&to));
                    fresh.insert(from, (!ambiguous).then_some(to));
                }
            }
            for (from, to) in fresh {
                if let Some(to) = to {
                    rows.entry(from).or_insert(to);
                }
            }
        }
        let mut phrases: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for (from, to) in rows {
            phrases.entry(first_word(&from).to_owned()).or_default().push((from, to));
        }
        for list in phrases.values_mut() {
            list.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        }
        Self { phrases }
    }

    /// The text with everything replaced that the table knows, outside of quotation marks.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.walk(text, |part| match part {
            Part::Kept(kept) => out.push_str(kept),
            Part::Replaced(old, "") => {
                // What follows a removed beginning becomes the beginning.
                if old.chars().next().is_some_and(char::is_uppercase) {
                    out.push('\u{1}');
                }
            }
            Part::Replaced(old, LATE) if old.chars().next().is_some_and(char::is_uppercase) => {
                out.push_str("Поскольку");
            }
            Part::Replaced(old, new) => out.push_str(&case::like(first_word(old), new)),
        });
        capitalise_marked(&out)
    }

    /// What the table would replace.
    pub(super) fn found(&self, text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        self.walk(text, |part| {
            if let Part::Replaced(old, new) = part {
                found.push((old.to_owned(), new.to_owned()));
            }
        });
        found
    }

    fn walk<'t>(&'t self, text: &'t str, mut visit: impl FnMut(Part<'t>)) {
        let mut rest = text;
        let mut quoted = false;
        while let Some(c) = rest.chars().next() {
            let end = if c.is_alphabetic() { word_end(rest) } else { c.len_utf8() };
            let (part, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            quoted = (quoted || c == '«') && c != '»';
            if let Some((length, new)) = self.find(rest).filter(|_| c.is_alphabetic() && !quoted) {
                let (old, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
                visit(Part::Replaced(old, new));
                rest = if new.is_empty() { after.trim_start_matches(' ') } else { after };
            } else {
                visit(Part::Kept(part));
                rest = after;
            }
        }
    }

    /// The longest phrase with which the text begins: its length in the text, and what to write instead.
    fn find(&self, text: &str) -> Option<(usize, &str)> {
        let word = text.get(..word_end(text))?;
        let list = self.phrases.get(&word.to_lowercase())?;
        list.iter().find_map(|(from, to)| Some((match_length(text, from)?, to.as_str())))
    }
}

enum Part<'t> {
    Kept(&'t str),
    Replaced(&'t str, &'t str),
}

/// The rows that a line of a file stands for.
fn expand(from: &str, to: &str) -> Vec<(String, String)> {
    let class = |side: &str| {
        let (name, stem) = side.split_once(' ')?;
        let (_, endings) = CLASSES.iter().find(|(known, _)| *known == name)?;
        Some((*endings, stem.to_owned()))
    };
    match (class(from), class(to)) {
        (Some((old, from)), Some((new, to))) => {
            old.iter().zip(new).map(|(old, new)| (format!("{from}{old}"), format!("{to}{new}"))).collect()
        }
        _ => vec![(from.to_owned(), to.to_owned())],
    }
}

fn first_word(text: &str) -> &str {
    text.get(..word_end(text)).unwrap_or(text)
}

fn word_end(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(text.len())
}

/// The length of the beginning of `text` that is `phrase` in any case, if a word ends there.
fn match_length(text: &str, phrase: &str) -> Option<usize> {
    let mut rest = text.char_indices();
    for wanted in phrase.chars() {
        let (_, c) = rest.next()?;
        if !c.to_lowercase().eq(std::iter::once(wanted)) {
            return None;
        }
    }
    let open = phrase.ends_with(char::is_alphanumeric);
    match rest.next() {
        Some((_, c)) if open && (c.is_alphanumeric() || c == '-') => None,
        Some((at, _)) => Some(at),
        None => Some(text.len()),
    }
}

fn capitalise_marked(text: &str) -> String {
    let mut parts = text.split('\u{1}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| match part.strip_prefix(LATE) {
        Some(rest) => done + "Поскольку" + rest,
        None => done + &case::capitalise(part),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_word_are_replaced_alike() {
        let table = Table::parse(&["m результат = mk итог\nf цен = fo стоимост\na важн = a значим"]);
        assert_eq!(
            table.apply("Важные результаты и важного результата, цены, ценой."),
            "Значимые итоги и значимого итога, стоимости, стоимостью."
        );
    }

    #[test]
    fn ambiguous_forms_are_left_alone() {
        let table = Table::parse(&["fo помощ = fk поддержк"]);
        assert_eq!(table.apply("помощь с помощью помощи"), "помощь с поддержкой помощи");
    }

    #[test]
    fn longest_phrase_wins_and_removal_moves_the_capital() {
        let table = Table::parse(&["в связи с = из-за\nв связи с тем, что = потому что\nкак известно, ="]);
        assert_eq!(table.apply("Как известно, в связи с тем, что так. В связи с."), "Поскольку так. Из-за.");
    }
}
