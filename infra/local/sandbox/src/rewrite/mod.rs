//! Rewriting: the same text in other words, by tables and by a few rearrangements that keep it grammatical.

mod structure;
mod table;

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::spelling;
use crate::text::put::put;
use crate::text::sentences::without_bullet;
use crate::text::stem::stem;
use crate::text::tokens::{Token, tokens};
use crate::text::{Lang, case, language};
use table::Table;

macro_rules! tables {
    ($($name:ident = $($file:literal),+;)*) => {
        $(static $name: LazyLock<Table> = LazyLock::new(|| Table::parse(&[$(include_str!(concat!("../../data/rewrite/", $file, ".txt"))),+]));)*
    };
}

tables! {
    NEUTRAL = "neutral";
    FORMAL = "formal", "neutral";
    FRIENDLY = "friendly";
    SCIENCE = "science", "neutral";
    PRESS = "press", "neutral";
    PLAIN = "plain";
    LIVELY = "lively";
    ENGLISH = "english";
    ENGLISH_PLAIN = "english_plain";
}

static GLOSSARY: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("../../data/rewrite/glossary.txt").lines();
    lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = ")).collect()
});

/// The same thought in other words.
pub(crate) fn paraphrase(text: &str, style: &str, depth: &str) -> String {
    let table = match (language(text), style) {
        (Lang::En, _) => &ENGLISH,
        (Lang::Ru, "деловой" | "официальный" | "официально-деловой") => &FORMAL,
        (Lang::Ru, "дружеский" | "разговорный") => &FRIENDLY,
        (Lang::Ru, "научный" | "технический") => &SCIENCE,
        (Lang::Ru, "публицистический" | "художественный") => &PRESS,
        (Lang::Ru, _) => &NEUTRAL,
    };
    by_lines(text, |line| {
        let rearranged = match depth {
            "лёгкая" => line.to_owned(),
            "глубокая" => structure::join(&structure::rearrange(line)),
            _ => structure::rearrange(line),
        };
        table.apply(&rearranged)
    })
}

/// The text as an editor would leave it: without fillers, in plainer or livelier words, without mistakes.
pub(crate) fn edit(text: &str, goal: &str) -> String {
    let text = spelling::correct(text).text;
    let english = language(&text) == Lang::En;
    by_lines(&text, |line| match goal {
        _ if english => ENGLISH_PLAIN.apply(line),
        "живость и образность" => LIVELY.apply(&PLAIN.apply(line)),
        "деловая строгость" => FORMAL.apply(line),
        _ => structure::split_long(&PLAIN.apply(line), 14),
    })
}

/// What an editor would change: what stands there, and what could.
pub(crate) fn remarks(text: &str, goal: &str) -> Vec<(String, String)> {
    let table = match (language(text), goal) {
        (Lang::En, _) => &ENGLISH_PLAIN,
        (Lang::Ru, "деловая строгость") => &FORMAL,
        (Lang::Ru, _) => &PLAIN,
    };
    table.found(text)
}

/// Short sentences, plain words, terms explained once.
pub(crate) fn simplify(text: &str) -> Vec<String> {
    let table = if language(text) == Lang::En { &ENGLISH_PLAIN } else { &PLAIN };
    let mut explained = HashSet::new();
    text.lines()
        .map(str::trim)
        .filter(|line| line.chars().any(char::is_alphanumeric))
        .map(|line| explain(&structure::split_long(&table.apply(line), 9), &mut explained))
        .collect()
}

/// Adds to the first mention of every known term what it means.
fn explain(text: &str, explained: &mut HashSet<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    for token in tokens(text) {
        out.push_str(token.text());
        let Token::Word(word) = token else { continue };
        let lower = word.to_lowercase();
        let term = GLOSSARY
            .iter()
            .find(|(term, _)| lower.starts_with(term) && stem(&lower).chars().count() <= term.chars().count() + 3);
        if let Some((term, meaning)) = term
            && explained.insert(term)
        {
            put(&mut out, format_args!(" ({meaning})"));
        }
    }
    out
}

/// Rewrites line by line; bullets, blank lines and indentation stay.
fn by_lines(text: &str, rewrite: impl Fn(&str) -> String) -> String {
    let line = |line: &str| {
        let (line, body) = (line.trim_end(), without_bullet(line));
        let bullet = line.strip_suffix(body).unwrap_or_default();
        let new = rewrite(body);
        let capital = body.chars().find(|c| c.is_alphabetic()).is_some_and(char::is_uppercase);
        format!("{bullet}{}", if capital { case::capitalise(&new) } else { new })
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_choose_their_words() {
        let text = "Сейчас нам очень нужно купить новый стол, потому что старый сломан.";
        let neutral = paraphrase(text, "нейтральный", "лёгкая");
        assert_eq!(neutral, "В настоящее время нам весьма необходимо приобрести новый стол, поскольку старый сломан.");
        assert_ne!(paraphrase(text, "деловой", "средняя"), neutral);
        assert_ne!(paraphrase(text, "научный", "средняя"), paraphrase(text, "дружеский", "средняя"));
    }

    #[test]
    fn depth_changes_the_build_of_sentences() {
        let text = "Мы остались дома, потому что шёл сильный дождь.";
        assert_eq!(paraphrase(text, "нейтральный", "средняя"), "Поскольку шёл сильный дождь, мы остались дома.");
    }

    #[test]
    fn quotations_names_and_numbers_stay() {
        let text = "Он сказал: «Очень нужно, потому что сейчас 15 мая», и Пушкин кивнул.";
        let new = paraphrase(text, "деловой", "глубокая");
        assert!(new.contains("«Очень нужно, потому что сейчас 15 мая»") && new.contains("Пушкин"), "{new}");
    }

    #[test]
    fn an_editor_removes_officialese() {
        let text = "Следует отметить, что в настоящее время осуществляется ремонт данного здания.\n- Необходимо произвести оплату.";
        assert_eq!(edit(text, "ясность и краткость"), "Сейчас ведётся ремонт этого здания.\n- Нужно заплатить.");
        assert!(remarks(text, "ясность и краткость").len() >= 4);
    }

    #[test]
    fn terms_are_explained_once() {
        let text = "Неустойка начисляется за просрочку. Неустойка составляет 1%.";
        assert_eq!(
            simplify(text).join(" "),
            "Неустойка (штраф за нарушение договора) начисляется за просрочку. Неустойка составляет 1%."
        );
    }

    #[test]
    fn english_is_rewritten_too() {
        assert_eq!(edit("We utilize it in order to start.", "ясность и краткость"), "We use it to start.");
        assert_eq!(paraphrase("It is very important.", "нейтральный", "лёгкая"), "It is highly significant.");
    }
}
