//! Translation between Russian and English, word by word, from a small dictionary. It says so.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text::stem::stem;
use crate::text::tokens::{Token, tokens};
use crate::text::{Lang, case, translit};

/// A translated text.
#[derive(Debug)]
pub(crate) struct Translation {
    pub(crate) text: String,
    /// Words that the dictionary does not have; they stand untranslated.
    pub(crate) unknown: usize,
}

impl Translation {
    /// The text with the note that it was translated by a dictionary only.
    pub(crate) fn noted(&self, target: Lang) -> String {
        let note = match (target, self.unknown) {
            (Lang::En, 0) => "[Sandbox: translated word by word from a small dictionary.]".to_owned(),
            (Lang::En, unknown) => format!(
                "[Sandbox: translated word by word from a small dictionary; words left as they were: {unknown}.]"
            ),
            (Lang::Ru, 0) => "[Песочница: перевод пословный, по небольшому словарю.]".to_owned(),
            (Lang::Ru, unknown) => {
                format!("[Песочница: перевод пословный, по небольшому словарю; слов без перевода: {unknown}.]")
            }
        };
        format!("{}\n\n{note}", self.text)
    }
}

/// One direction of the dictionary.
struct Dictionary {
    /// Phrases of up to four words, and words in the form in which they are listed.
    exact: HashMap<String, &'static str>,
    stems: HashMap<String, &'static str>,
}

const RU_EN: &str = include_str!("../../data/translate/ru_en.txt");
const EN_RU: &str = include_str!("../../data/translate/en_ru.txt");

static TO_ENGLISH: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::new(rows(RU_EN)));
static TO_RUSSIAN: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::new(rows(EN_RU).chain(rows(RU_EN).map(|(russian, english)| (english, russian)))));

/// The pairs of a file: `from = to`; `#` begins a comment.
fn rows(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(" =")).map(|(from, to)| (from.trim(), to.trim()))
}

/// Translates into `target`.
pub(crate) fn translate(text: &str, target: Lang) -> Translation {
    with_glossary(text, target, "")
}

/// Translates into `target`; what the glossary (`term — translation`, by lines or semicolons) says wins.
pub(crate) fn with_glossary(text: &str, target: Lang, glossary: &str) -> Translation {
    let dictionary = match target {
        Lang::En => &TO_ENGLISH,
        Lang::Ru => &TO_RUSSIAN,
    };
    let own: HashMap<String, &str> = glossary
        .split(['\n', ';'])
        .filter_map(|pair| pair.split_once(" — ").or_else(|| pair.split_once(" - ")).or_else(|| pair.split_once('=')))
        .map(|(from, to)| (from.trim().to_lowercase(), to.trim()))
        .collect();
    let parts = tokens(text);
    let mut done = Translation { text: String::with_capacity(text.len()), unknown: 0 };
    let mut rest = parts.as_slice();
    while let [first, tail @ ..] = rest {
        let Token::Word(word) = first else {
            done.text.push_str(&punctuation(first.text(), target));
            rest = tail;
            continue;
        };
        let (new, used) = longest(rest, &own, dictionary).unwrap_or((None, 1));
        match new {
            // The English pronoun has a capital that says nothing.
            Some(new) => push(&mut done.text, &if *word == "I" { new.to_owned() } else { case::like(word, new) }),
            None if target == Lang::En && word.chars().next().is_some_and(char::is_uppercase) => {
                done.text.push_str(&translit::latin(word));
            }
            None => {
                done.unknown += usize::from(is_foreign(word, target));
                done.text.push_str(word);
            }
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    done
}

/// Whether the word is written in the letters of the other language.
fn is_foreign(word: &str, target: Lang) -> bool {
    word.chars().any(crate::text::is_cyrillic) == (target == Lang::En)
}

/// The translation of the longest phrase at the beginning, and how many parts it takes. An empty translation removes the word.
fn longest<'a>(
    parts: &[Token<'_>],
    own: &HashMap<String, &'a str>,
    dictionary: &'a Dictionary,
) -> Option<(Option<&'a str>, usize)> {
    for used in [7, 5, 3, 1] {
        let Some(phrase) = parts.get(..used) else { continue };
        let joined: String = phrase.iter().map(|part| part.text().to_lowercase()).collect();
        let known = own.get(&joined).copied().or_else(|| dictionary.exact.get(&joined).copied());
        if let Some(new) = known {
            return Some((Some(new), used));
        }
    }
    let Some(Token::Word(word)) = parts.first() else { return None };
    let lower = word.to_lowercase();
    let by_stem = own.iter().find(|(term, _)| stem(term) == stem(&lower)).map(|(_, new)| *new);
    let listed = dictionary.stems.get(&stem(&lower)).filter(|_| lower.chars().count() > 3);
    Some((by_stem.or_else(|| listed.copied()), 1))
}

/// Appends a word. A removed one takes the blank before it along; the first one of a sentence gets a capital.
fn push(text: &mut String, new: &str) {
    if new.is_empty() {
        text.truncate(text.trim_end_matches(' ').len());
        return;
    }
    let starts = text.trim_end().chars().next_back().is_none_or(|c| matches!(c, '.' | '!' | '?' | '\n'));
    let written = text.chars().any(char::is_alphanumeric);
    text.push_str(&if starts && (written || new == "я") { case::capitalise(new) } else { new.to_owned() });
}

fn punctuation(gap: &str, target: Lang) -> String {
    match target {
        Lang::En => gap.replace('«', "“").replace('»', "”").replace(" — ", " – "),
        Lang::Ru => gap.replace('“', "«").replace('”', "»"),
    }
}

impl Dictionary {
    /// Of several words for one, the first is the best.
    fn new(rows: impl Iterator<Item = (&'static str, &'static str)>) -> Self {
        let mut dictionary = Self { exact: HashMap::new(), stems: HashMap::new() };
        for (from, to) in rows {
            if from.is_empty() {
                continue;
            }
            dictionary.exact.entry(from.to_lowercase()).or_insert(to);
            if !from.contains(' ') && from.chars().count() > 3 && !to.is_empty() {
                dictionary.stems.entry(stem(from)).or_insert(to);
            }
        }
        dictionary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_phrases_are_translated_with_their_case() {
        assert_eq!(translate("Привет, мир!", Lang::En).text, "Hello, world!");
        assert_eq!(translate("Добрый день, друзья.", Lang::En).text, "Good afternoon, friends.");
        assert_eq!(translate("Hello world", Lang::Ru).text, "Привет мир");
        assert_eq!(translate("Я читаю интересную книгу.", Lang::En).text, "I read interesting book.");
    }

    #[test]
    fn unknown_words_stay_and_are_counted() {
        let done = translate("Привет, Анна и ыыхтр 15 https://a.ru", Lang::En);
        assert_eq!((done.text.as_str(), done.unknown), ("Hello, Anna and ыыхтр 15 https://a.ru", 1));
        assert!(done.noted(Lang::En).contains("[Sandbox:"));
    }

    #[test]
    fn the_users_glossary_wins() {
        assert_eq!(
            with_glossary("договор и книга", Lang::En, "договор — deal; книга — volume").text,
            "deal and volume"
        );
    }
}
