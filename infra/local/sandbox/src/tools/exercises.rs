//! What study notes add for practice: terms, questions, examples, dates.

use crate::extract::{self, facts};
use crate::text::sentences::{sentences, without_bullet};

/// The body of an added section.
pub(super) fn section(name: &str, text: &str) -> String {
    let lines: Vec<String> = match name {
        "словарик терминов" => terms(text),
        "вопросы для самопроверки" => questions(text),
        "примеры" => with_any(text, &["например", "к примеру", "так, ", "for example"]),
        "хронология или формулы" => dated(text),
        _ => extract::summary(text, 3).into_iter().map(str::to_owned).collect(),
    };
    if lines.is_empty() {
        "[проверить: в материале этого нет]\n".to_owned()
    } else {
        format!("- {}\n", lines.join("\n- "))
    }
}

fn terms(text: &str) -> Vec<String> {
    let defined: Vec<String> = facts::definitions(text)
        .into_iter()
        .map(|definition| format!("**{}** — {}", definition.term, definition.meaning))
        .collect();
    if !defined.is_empty() {
        return defined;
    }
    extract::keywords(text, 4)
        .into_iter()
        .filter_map(|word| {
            let sentence =
                sentences(text).into_iter().find(|sentence| sentence.to_lowercase().contains(&word.to_lowercase()))?;
            Some(format!("**{word}** — см.: «{}»", without_bullet(sentence)))
        })
        .collect()
}

fn questions(text: &str) -> Vec<String> {
    let defined = facts::definitions(text).into_iter().map(|definition| format!("Что такое «{}»?", definition.term));
    let words = extract::keywords(text, 5)
        .into_iter()
        .map(|word| format!("Что в материале сказано о слове «{word}» и почему это важно?"));
    defined.chain(words).take(5).collect()
}

fn with_any(text: &str, signs: &[&str]) -> Vec<String> {
    let has = |sentence: &&str| signs.iter().any(|sign| sentence.to_lowercase().contains(sign));
    sentences(text).into_iter().filter(has).map(|sentence| without_bullet(sentence).to_owned()).collect()
}

fn dated(text: &str) -> Vec<String> {
    let has = |sentence: &&str| sentence.contains('=') || !facts::numbers(sentence).is_empty();
    sentences(text).into_iter().filter(has).map(|sentence| without_bullet(sentence).to_owned()).collect()
}
