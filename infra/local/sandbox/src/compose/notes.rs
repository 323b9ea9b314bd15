//! Working notes: what a step before the finished text hands on.
//!
//! They begin with the user's fields, which later steps read back. The rest is drawn from the text that the run will end with, so analysis,
//! plan and result agree.

use super::compose;
use super::facts::Facts;
use crate::extract;
use crate::text::put::put;
use crate::text::sentences::{blocks, is_bullet, sentences, without_bullet};

/// What a step's notes are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What is asked, what there is to go by, what is missing.
    Analysis,
    /// The parts of the text to come.
    Plan,
}

/// The notes of a step of a tool with a template.
pub(crate) fn notes(tool: &str, step: &str, kind: Kind, facts: &Facts) -> String {
    let result = compose(tool, step, facts, 0).unwrap_or_default();
    let body = match kind {
        Kind::Analysis => analysis(tool, step, facts, &result),
        Kind::Plan => plan(&result),
    };
    format!("{}\n{body}", facts.notes())
}

fn analysis(tool: &str, step: &str, facts: &Facts, result: &str) -> String {
    let material: Vec<&str> = facts.iter().map(|(_, text)| text).filter(|text| !text.is_empty()).collect();
    let material = material.join(". ");
    let mut notes = format!("{step}\nОпорные слова: {}\n", extract::keywords(&material, 7).join(", "));
    let numbers = extract::facts::numbers(&material);
    if !numbers.is_empty() {
        put(&mut notes, format_args!("Перенести без изменений: {}\n", numbers.join(", ")));
    }
    notes.push_str("\nГлавные мысли\n");
    for (place, thought) in extract::summary(&prose_of(result), 5).into_iter().enumerate() {
        put(&mut notes, format_args!("{}. {thought}\n", place + 1));
    }
    let mut openings: Vec<String> =
        (0..=6).filter_map(|variant| opening(&compose(tool, step, facts, variant)?)).collect();
    openings.sort_unstable();
    openings.dedup();
    openings.truncate(3);
    if openings.len() > 1 {
        notes.push_str("\nВарианты начала\n");
        for text in openings {
            put(&mut notes, format_args!("— {text}\n"));
        }
    }
    let missing = marks(result);
    if !missing.is_empty() {
        put(&mut notes, format_args!("\nЧего не хватает\n— {}\n", missing.join("\n— ")));
    }
    notes
}

fn plan(result: &str) -> String {
    let mut notes = "План\n".to_owned();
    let mut number = 0;
    for block in blocks(result).into_iter().filter(|block| !block.starts_with('|')) {
        if block.starts_with('#') {
            put(&mut notes, format_args!("{}\n", without_bullet(block)));
        } else if !is_bullet(block) {
            number += 1;
            let thought = sentences(block).into_iter().next().unwrap_or(block);
            put(&mut notes, format_args!("{number}. {thought} (слов: {})\n", block.split_whitespace().count()));
        }
    }
    notes
}

fn opening(text: &str) -> Option<String> {
    let prose = prose_of(text);
    let block = blocks(&prose).into_iter().find(|block| block.ends_with(['.', '!', '?', '…']))?;
    sentences(block).into_iter().next().map(str::to_owned)
}

/// The text without headings, lists, tables and lines such as `Title: …`.
fn prose_of(text: &str) -> String {
    let is_prose = |block: &&str| {
        let labelled = block.split_once(": ").is_some_and(|(label, _)| label.split_whitespace().count() <= 2);
        !is_bullet(block) && !block.starts_with('|') && !labelled && block.split_whitespace().count() > 3
    };
    blocks(text).into_iter().filter(is_prose).collect::<Vec<_>>().join("\n")
}

/// Places that a text leaves open, `[уточнить: цена]`.
fn marks(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((inner, after)) = rest.split_once('[').and_then(|(_, from)| from.split_once(']')) {
        if inner.contains(':') && !found.contains(&inner) {
            found.push(inner);
        }
        rest = after;
    }
    found
}
