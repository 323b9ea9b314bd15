//! Candidates for the correction of a word.

use std::collections::HashMap;

use super::case::capitalise;
use super::language::Language;
use super::rules::{DELETION, DOUBLING, INSERTION, SPLIT, SWAP};

/// Mistakes up to this cost are typical: a word may hold two of them.
const TYPICAL: u16 = 60;
/// Two mistakes in one word are less likely than their sum says.
const SECOND: u16 = 15;
/// A correction that costs more than this is no correction.
const LIMIT: u16 = 120;
/// The same for a word that is not frequent: what looks misspelt may be a word that the dictionary lacks.
const LIMIT_RARE: u16 = 75;
/// The same for a long one, which has few neighbours.
const LIMIT_RARE_LONG: u16 = 85;

/// A correction and how sure it is.
#[derive(Debug, Clone)]
pub(super) struct Best {
    pub(super) word: String,
    cost: u16,
    frequent: bool,
    keeps_first_letter: bool,
}

impl Best {
    /// The first word of a sentence may be a name: only a frequent word, or a typical mistake after the first letter, corrects it.
    pub(super) fn is_trusted_as_first(&self) -> bool {
        self.frequent || (self.keeps_first_letter && self.cost <= TYPICAL)
    }
}

/// The search for one word.
pub(super) struct Candidates<'a> {
    language: &'a Language,
    written: &'a str,
    letters: Vec<char>,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(language: &'a Language, written: &'a str) -> Self {
        Self { language, written, letters: written.chars().collect() }
    }

    /// The likeliest word one mistake away, or two typical ones.
    pub(super) fn best(&self) -> Option<Best> {
        let once = self.edits(self.written, u16::MAX);
        let typical = once.iter().filter(|(_, cost)| *cost <= TYPICAL).cloned();
        if let Some(best) = self.likeliest(typical).filter(|best| best.frequent) {
            return Some(best);
        }
        let mut found = HashMap::new();
        for (word, cost) in once.iter().filter(|(_, cost)| *cost <= TYPICAL) {
            for (twice, more) in self.edits(word, TYPICAL) {
                keep_cheapest(&mut found, twice, cost + more + SECOND);
            }
        }
        for (word, cost) in once.into_iter().chain(self.splits()) {
            keep_cheapest(&mut found, word, cost);
        }
        // The word itself stays in the race: written with a capital it may be a name.
        found.insert(self.written.to_owned(), 20);
        self.likeliest(found)
    }

    fn likeliest(&self, found: impl IntoIterator<Item = (String, u16)>) -> Option<Best> {
        self.choose(found.into_iter().filter_map(|(word, cost)| Some((self.known_form(word, cost)?, cost))))
    }

    /// The likeliest of the dictionary's own suggestions, if it is a frequent word and not too far off.
    pub(super) fn best_of(&self, suggestions: Vec<String>) -> Option<Best> {
        let length = self.letters.len();
        let allowed = match length {
            ..6 => 0,
            6..8 => 1,
            8..10 => 2,
            _ => 3,
        };
        let near = suggestions.into_iter().filter(|word| !word.contains([' ', '-'])).filter_map(|word| {
            let distance = distance(&self.letters, &word.to_lowercase().chars().collect::<Vec<_>>());
            (distance <= allowed && self.language.bonus(&word.to_lowercase()) > 0)
                .then(|| (word, 30 + 30 * u16::try_from(distance).unwrap_or(u16::MAX / 60)))
        });
        self.choose(near)
    }

    /// The word as the dictionary writes it: names with a capital.
    fn known_form(&self, word: String, cost: u16) -> Option<String> {
        if word.contains(' ') || self.language.knows(&word) {
            return Some(word);
        }
        let name = capitalise(&word);
        ((cost <= TYPICAL || self.language.is_frequent(&word)) && self.language.knows(&name)).then_some(name)
    }

    fn choose(&self, found: impl Iterator<Item = (String, u16)>) -> Option<Best> {
        let weigh = |(word, cost): (String, u16)| {
            let bonus = if word.contains(' ') { 0 } else { self.language.bonus(&word.to_lowercase()) };
            let length = self.letters.len();
            let limit = match length {
                _ if bonus > 0 || word.contains(' ') => LIMIT,
                ..4 => 0,
                4 => TYPICAL,
                5..7 => LIMIT_RARE,
                _ => LIMIT_RARE_LONG,
            };
            (cost <= limit).then(|| (i32::from(cost) - i32::from(bonus), word, cost))
        };
        let (_, word, cost) = found.filter_map(weigh).min()?;
        let frequent = self.language.is_frequent(&word.to_lowercase());
        let keeps_first_letter = word.chars().next() == self.letters.first().copied();
        Some(Best { word, cost, frequent, keeps_first_letter })
    }

    /// Everything one mistake of at most this cost away from `word`, known or not.
    fn edits(&self, word: &str, limit: u16) -> Vec<(String, u16)> {
        let rules = self.language.rules;
        let mut found = Vec::new();
        let mut add = |cost: u16, parts: [&str; 3]| {
            if cost <= limit {
                found.push((parts.concat(), cost));
            }
        };
        let mut buffer = [0; 4];
        for (written, meant, cost) in rules.groups {
            for (at, _) in word.match_indices(written) {
                let (before, from) = word.split_at_checked(at).unwrap_or((word, ""));
                add(*cost, [before, meant, from.strip_prefix(written).unwrap_or_default()]);
            }
        }
        let mut last = None;
        for (at, c) in word.char_indices().map(|(at, c)| (at, Some(c))).chain([(word.len(), None)]) {
            let (before, from) = word.split_at_checked(at).unwrap_or((word, ""));
            let mut rest = from.chars();
            rest.next();
            let after = rest.as_str();
            let next = rest.next();
            for letter in rules.alphabet.chars() {
                let cost =
                    if last == Some(letter) || c == Some(letter) { Some(DOUBLING) } else { rules.silence(letter) };
                add(cost.unwrap_or(INSERTION), [before, letter.encode_utf8(&mut buffer), from]);
                if let Some(c) = c.filter(|c| *c != letter) {
                    add(rules.replacement(c, letter), [before, letter.encode_utf8(&mut buffer), after]);
                }
            }
            if let Some(c) = c {
                let cost =
                    if last == Some(c) || next == Some(c) { DOUBLING } else { rules.silence(c).unwrap_or(DELETION) };
                add(cost, [before, "", after]);
            }
            if let (Some(c), Some(next)) = (c, next) {
                add(SWAP, [before, &format!("{next}{c}"), rest.as_str()]);
            }
            last = c;
        }
        found
    }

    /// The word as two words that often stick together.
    fn splits(&self) -> Vec<(String, u16)> {
        let two = |first: &&str| {
            let second = self.written.strip_prefix(*first)?;
            let good = second.chars().count() >= 3 && self.language.bonus(second) > 0 && self.language.knows(second);
            good.then(|| (format!("{first} {second}"), SPLIT))
        };
        self.language.rules.sticky.iter().filter_map(two).collect()
    }
}

fn keep_cheapest(found: &mut HashMap<String, u16>, word: String, cost: u16) {
    found.entry(word).and_modify(|known| *known = (*known).min(cost)).or_insert(cost);
}

/// Levenshtein's distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(b) {
            let here = (*cell + 1).min(left + 1).min(diagonal + usize::from(from != to));
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
