//! The translation tool.

use super::stage::Stage;
use super::{Task, material};
use crate::text::put::put;
use crate::text::{Lang, language};
use crate::translate;

pub(super) fn translate(task: &Task<'_>) -> String {
    let text = task.get("text");
    let target = match task.get("language") {
        "русский" => Some(Lang::Ru),
        "" | "английский" => Some(Lang::En),
        _ => None,
    };
    if matches!(task.stage, Stage::Notes(_)) {
        return task.notes(&memo(task, text, target));
    }
    match target {
        None => format!(
            "{text}\n\n[Песочница переводит только между русским и английским: здесь исходный текст, а не {} язык.]",
            task.get("language")
        ),
        Some(target) if target == language(text) => text.to_owned(),
        Some(target) => translate::with_glossary(text, target, task.get("terms")).noted(target),
    }
}

/// What a translator notes before work: languages, terms, places to mind.
fn memo(task: &Task<'_>, text: &str, target: Option<Lang>) -> String {
    let source = match language(text) {
        Lang::Ru => "русский",
        Lang::En => "английский",
    };
    let mut memo = format!("Язык оригинала: {source}\n\n{}", material::analyse(text, 3));
    if let Some(target) = target {
        memo.push_str("\nГлоссарий\n");
        for word in crate::extract::keywords(text, 8) {
            put(
                &mut memo,
                format_args!("— {word} — {}\n", translate::with_glossary(&word, target, task.get("terms")).text),
            );
        }
    }
    memo
}
