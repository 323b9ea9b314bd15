//! What a prompt asks to see: known words by their beginnings, in Russian and English.

use std::sync::LazyLock;

use super::Style;
use super::colour::{Colour, hex};

/// Names of things, each with the beginnings of the words that mean it.
static WORDS: LazyLock<Vec<(&str, Vec<&str>)>> = LazyLock::new(|| {
    let lines = include_str!("../../data/images/words.txt").lines().filter(|line| !line.starts_with('#'));
    let entry = |line: &'static str| {
        let (name, words) = line.split_once(':')?;
        Some((name, words.split_whitespace().collect()))
    };
    lines.filter_map(entry).collect()
});

/// The light of a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Morning,
    Day,
    Sunset,
    Night,
}

/// What stands in front, most of it one thing each.
const SUBJECTS: [&str; 39] = [
    "cat",
    "dog",
    "fox",
    "bear",
    "wolf",
    "rabbit",
    "mouse",
    "lion",
    "horse",
    "deer",
    "cow",
    "bird",
    "owl",
    "penguin",
    "fish",
    "whale",
    "butterfly",
    "woman",
    "person",
    "robot",
    "house",
    "castle",
    "lighthouse",
    "church",
    "ship",
    "car",
    "train",
    "plane",
    "rocket",
    "balloon",
    "cup",
    "book",
    "cake",
    "heart",
    "tree",
    "fir",
    "snowman",
    "mushroom",
    "bridge",
];

const FLOWERS: [&str; 5] = ["daisy", "poppy", "sunflower", "lavender", "flowers"];

/// Colours by their names in the table.
const COLOURS: [(&str, u32); 11] = [
    ("red", 0xd8_30_34),
    ("orange", 0xe8_83_2a),
    ("yellow", 0xf2_c0_30),
    ("green", 0x3c_9a_54),
    ("blue", 0x2c_6a_d0),
    ("violet", 0x8a_4a_c0),
    ("pink", 0xf0_8a_b0),
    ("black", 0x2c_2a_30),
    ("white", 0xf6_f2_ec),
    ("brown", 0x7a_4e_30),
    ("grey", 0x8a_8c_94),
];

/// A prompt as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scene {
    pub(super) prompt: String,
    pub(super) time: Time,
    /// What is in the scene, by the names of the table, in the order in which the prompt says it.
    names: Vec<&'static str>,
}

impl Scene {
    /// Reads a prompt.
    pub(super) fn read(prompt: &str) -> Self {
        let words = words(prompt);
        let mut found: Vec<(usize, &'static str)> =
            WORDS.iter().filter_map(|(name, signs)| Some((first_said(&words, signs)?, *name))).collect();
        found.sort_unstable();
        let mut names: Vec<&'static str> = found.into_iter().map(|(_, name)| name).collect();
        // Where else would they be.
        for (thing, place) in [("fish", "underwater"), ("whale", "underwater"), ("ship", "sea"), ("lighthouse", "sea")]
        {
            let is_placed = names.iter().any(|name| ["sea", "lake", "underwater", "space"].contains(name));
            if names.contains(&thing) && !is_placed {
                names.push(place);
            }
        }
        let has = |name: &str| names.contains(&name);
        let time = if has("sunset") {
            Time::Sunset
        } else if has("night") || has("space") {
            Time::Night
        } else if has("morning") {
            Time::Morning
        } else {
            Time::Day
        };
        Self { prompt: prompt.to_owned(), time, names }
    }

    /// Whether the prompt speaks of something.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(&name)
    }

    /// Whether it speaks of any of these.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// What stands in front, in the prompt's order.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().copied().filter(|name| SUBJECTS.contains(name))
    }

    /// The kind of flowers, if there are any; a named one before flowers in general.
    pub(super) fn flowers(&self) -> Option<&'static str> {
        FLOWERS.into_iter().find(|name| self.has(name))
    }

    /// The colour that the prompt names first.
    pub(super) fn colour(&self) -> Option<Colour> {
        let code = |name: &&str| COLOURS.iter().find(|(known, _)| known == name).map(|(_, code)| *code);
        self.names.iter().find_map(code).map(hex)
    }

    /// The style that the prompt tells in words.
    pub(super) fn style(&self) -> Style {
        let styles = [("kandinsky", Style::Kandinsky), ("anime", Style::Anime), ("uhd", Style::Uhd)];
        styles.into_iter().find(|(name, _)| self.has(name)).map_or(Style::Default, |(_, style)| style)
    }
}

fn words(prompt: &str) -> Vec<String> {
    let lower = prompt.to_lowercase().replace('ё', "е");
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

/// Where the words first say one of the signs. `word=` is meant whole; `word_word` is two beginnings in a row.
fn first_said(words: &[String], signs: &[&str]) -> Option<usize> {
    let says = |word: &str, sign: &str| match sign.strip_suffix('=') {
        Some(whole) => word == whole,
        None => word.starts_with(sign),
    };
    let begins = |rest: &[String], sign: &str| {
        let mut parts = sign.split('_').zip(rest);
        rest.len() > sign.matches('_').count() && parts.all(|(part, word)| says(word, part))
    };
    (0..words.len()).find(|&place| {
        let rest = words.get(place..).unwrap_or_default();
        signs.iter().any(|sign| begins(rest, sign))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prompt: &str) -> Vec<&'static str> {
        Scene::read(prompt).names
    }

    #[test]
    fn prompts_are_understood_in_both_languages() {
        for (prompt, expected) in [
            ("Красивый закат над морем", vec!["sunset", "sea"]),
            ("Кот спит на крыше ночного города", vec!["cat", "asleep", "roof", "night", "city"]),
            ("Поле ромашек под утренним солнцем", vec!["field", "daisy", "morning"]),
            ("mountains and a lake", vec!["mountains", "lake"]),
            ("Осенний лес", vec!["autumn", "forest"]),
            ("Ёлки и воздушный шар зимой", vec!["fir", "balloon", "winter"]),
            ("The man fell asleep", vec!["person", "asleep"]),
            ("Красная машина и белый кот", vec!["red", "car", "white", "cat"]),
            ("Морковь, городки и который час", vec![]),
        ] {
            assert_eq!(names(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn every_subject_and_colour_has_words() {
        for subject in SUBJECTS.into_iter().chain(COLOURS.map(|(name, _)| name)) {
            assert!(WORDS.iter().any(|(name, words)| *name == subject && words.len() > 1), "{subject}");
        }
    }

    #[test]
    fn the_first_colour_counts() {
        assert_eq!(Scene::read("Красная машина и белый кот").colour(), Some(hex(0xd8_30_34)));
        assert_eq!(Scene::read("Кот").colour(), None);
    }

    #[test]
    fn a_style_may_be_told_in_words() {
        assert_eq!(Scene::read("Кот. Стиль: аниме").style(), Style::Anime);
        assert_eq!(Scene::read("A cat. Style: abstract painting in the manner of Kandinsky").style(), Style::Kandinsky);
        assert_eq!(Scene::read("Кот").style(), Style::Default);
    }
}
