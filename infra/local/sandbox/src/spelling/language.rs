//! One language: its dictionary, its frequent words, its tables of known mistakes. Read on first use.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use spellbook::Dictionary;

use super::candidates::{Best, Candidates};
use super::rules::{self, Rules};
use super::script;
use super::stem::stem;

/// What is known of one language.
pub(super) struct Language {
    dictionary: Dictionary,
    /// Every frequent word with its place in the list.
    frequent: HashMap<&'static str, usize>,
    frequent_stems: HashSet<String>,
    fixed: HashMap<&'static str, &'static str>,
    phrases: HashMap<&'static str, &'static str>,
    pub(super) rules: &'static Rules,
}

/// The files of one language, as they are linked in.
struct Files {
    name: &'static str,
    affixes: &'static [u8],
    words: &'static [u8],
    extra: &'static str,
    frequent: &'static str,
    fixed: &'static str,
    phrases: &'static str,
    rules: &'static Rules,
}

static RU: LazyLock<Option<Language>> = LazyLock::new(|| {
    Language::load(&Files {
        name: "ru",
        affixes: include_bytes!("../../dictionaries/ru/index.aff.gz"),
        words: include_bytes!("../../dictionaries/ru/index.dic.gz"),
        extra: include_str!("../../data/spelling/extra_ru.txt"),
        frequent: include_str!("../../data/spelling/frequent_ru.txt"),
        fixed: include_str!("../../data/spelling/fixed_ru.txt"),
        phrases: include_str!("../../data/spelling/phrases_ru.txt"),
        rules: &rules::RU,
    })
});

static EN: LazyLock<Option<Language>> = LazyLock::new(|| {
    Language::load(&Files {
        name: "en",
        affixes: include_bytes!("../../dictionaries/en/index.aff.gz"),
        words: include_bytes!("../../dictionaries/en/index.dic.gz"),
        extra: include_str!("../../data/spelling/extra_en.txt"),
        frequent: include_str!("../../data/spelling/frequent_en.txt"),
        fixed: include_str!("../../data/spelling/fixed_en.txt"),
        phrases: "",
        rules: &rules::EN,
    })
});

impl Language {
    /// The language of a word; `None` if its letters are of no or of several alphabets.
    pub(super) fn of(word: &str) -> Option<&'static Self> {
        if script(word)? { RU.as_ref() } else { EN.as_ref() }
    }

    fn load(files: &Files) -> Option<Self> {
        let language = Self::try_load(files);
        language
            .inspect_err(|error| tracing::error!(language = files.name, error, "no spelling without a dictionary"))
            .ok()
    }

    fn try_load(files: &Files) -> Result<Self, String> {
        let affixes = unpack(files.affixes)?;
        let words = unpack(files.words)?;
        let mut dictionary = Dictionary::new(&affixes, &words).map_err(|error| error.to_string())?;
        for line in files.extra.lines() {
            dictionary.add(line).map_err(|error| error.to_string())?;
        }
        let frequent: HashMap<_, _> =
            files.frequent.split_whitespace().rev().enumerate().map(|(at, word)| (word, at)).collect();
        let frequent_stems = frequent.keys().map(|word| stem(word)).collect();
        let (fixed, phrases) = (table(files.fixed), table(files.phrases));
        Ok(Self { dictionary, frequent, frequent_stems, fixed, phrases, rules: files.rules })
    }

    /// The right form of a word with a well-known mistake.
    pub(super) fn fixed(&self, lower: &str) -> Option<&'static str> {
        self.fixed.get(lower).copied()
    }

    /// The right form of two words.
    pub(super) fn phrase(&self, lower: &str) -> Option<&'static str> {
        self.phrases.get(lower).copied()
    }

    /// Whether the word exists. A typographic apostrophe is an apostrophe, and `ё` may stand where the dictionary has `е`.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.dictionary.check(word)
            || (word.contains('’') && self.dictionary.check(&word.replace('’', "'")))
            || self.is_short_adjective(word)
            || (word.contains(['ё', 'Ё']) && self.dictionary.check(&word.replace('ё', "е").replace('Ё', "Е")))
    }

    /// `комфортен`, where the dictionary has `комфортный` only.
    fn is_short_adjective(&self, word: &str) -> bool {
        word.strip_suffix("ен").is_some_and(|stem| self.dictionary.check(&format!("{stem}ный")))
    }

    /// How much likelier a word is for being frequent: 0 to 50 hundredths of a mistake.
    pub(super) fn bonus(&self, word: &str) -> u16 {
        match self.frequent.get(word) {
            Some(place) => 30 + u16::try_from(place * 20 / self.frequent.len().max(1)).unwrap_or(0),
            None if self.frequent_stems.contains(&stem(word)) => 20,
            None => 0,
        }
    }

    /// Whether the word itself is in the list of frequent words.
    pub(super) fn is_frequent(&self, word: &str) -> bool {
        self.frequent.contains_key(word)
    }

    /// The likeliest correction of an unknown word. `slow_left` counts down the searches that take a tenth of a second.
    pub(super) fn best(&self, lower: &str, slow_left: &mut usize) -> Option<Best> {
        let near = Candidates::new(self, lower).best();
        if near.is_some() || *slow_left == 0 {
            return near;
        }
        *slow_left -= 1;
        let mut distant = Vec::new();
        self.dictionary.suggest(lower, &mut distant);
        Candidates::new(self, lower).best_of(distant)
    }
}

fn unpack(packed: &[u8]) -> Result<String, String> {
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

/// Lines of `wrong = right`; `#` begins a comment.
fn table(lines: &'static str) -> HashMap<&'static str, &'static str> {
    lines.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = ")).collect()
}
