//! Summaries and study notes.

use super::stage::Stage;
use super::{Task, exercises, material};
use crate::compose::Kind;
use crate::extract::{self, facts};
use crate::text::put::put;
use crate::text::sentences::{blocks, is_bullet, sentences, without_bullet};
use crate::text::{Lang, case, language};
use crate::translate;

pub(super) fn summarize(task: &Task<'_>) -> String {
    let text = task.get("text");
    let total = sentences(text).len().max(1);
    let count = match task.get("length") {
        "одно предложение" => 1,
        "подробный пересказ" => total.div_ceil(3).clamp(2, 14),
        _ => (total / 2).clamp(1, 4),
    };
    let wants_list = task.get("format") == "список тезисов" && task.get("length") != "одно предложение";
    let count = if wants_list { count.clamp(total.min(3), 9) } else { count };
    let chosen: Vec<String> = extract::summary(text, count).into_iter().map(tighten).collect();
    let short = if wants_list { format!("— {}", chosen.join("\n— ")) } else { chosen.join(" ") };
    match (task.get("language"), language(text)) {
        ("русский", Lang::En) => translate::translate(&short, Lang::Ru).text,
        ("английский", Lang::Ru) => translate::translate(&short, Lang::En).text,
        _ => short,
    }
}

/// Without an opening that leans on the sentence before, and without what stands in brackets.
fn tighten(sentence: &str) -> String {
    const OPENINGS: &[&str] = &[
        "Однако ",
        "Кроме того, ",
        "Также ",
        "При этом ",
        "Таким образом, ",
        "Например, ",
        "Поэтому ",
        "Но ",
        "И ",
        "However, ",
        "Also, ",
        "But ",
    ];
    let bare = OPENINGS.iter().find_map(|opening| sentence.strip_prefix(opening)).unwrap_or(sentence);
    let mut short = bare.to_owned();
    while let (Some(open), Some(close)) = (short.find(" ("), short.find(')')) {
        if close < open || short.len() < 40 {
            break;
        }
        short.replace_range(open..=close, "");
    }
    case::capitalise(&short)
}

pub(super) fn study_notes(task: &Task<'_>) -> String {
    let text = task.get("text");
    match task.stage {
        Stage::Notes(Kind::Analysis | Kind::Plan) => task.notes(&material::analyse(text, 10)),
        _ => notes(text, task.get("length"), task.get("sections")),
    }
}

fn notes(text: &str, detail: &str, sections: &str) -> String {
    let parts = parts(text);
    let share = match detail {
        "шпаргалка" => 5,
        "подробный" => 2,
        _ => 3,
    };
    let definitions = facts::definitions(text);
    let mut out = String::new();
    for (title, body) in parts {
        let count = sentences(&body).len().div_ceil(share);
        put(&mut out, format_args!("## {title}\n\n"));
        for thought in extract::summary(&body, count) {
            let term = definitions.iter().find(|definition| thought.starts_with(&definition.term));
            let line = match term {
                Some(definition) => thought.replacen(&definition.term, &format!("**{}**", definition.term), 1),
                None => thought.to_owned(),
            };
            put(&mut out, format_args!("- {line}\n"));
        }
        out.push('\n');
    }
    for section in sections.split(',').map(str::trim).filter(|section| !section.is_empty()) {
        put(&mut out, format_args!("## {}\n\n{}\n", case::capitalise(section), exercises::section(section, text)));
    }
    out.trim_end().to_owned()
}

/// The first words of a text, as a heading.
fn opening(body: &str) -> String {
    let first = sentences(body).into_iter().next().unwrap_or_default();
    let words: Vec<&str> = without_bullet(first).split_whitespace().take(6).collect();
    words.join(" ").trim_end_matches(['.', ',', ';', ':', '!', '?']).to_owned()
}

/// The parts of a text: by its headings, else every few paragraphs, each under the terms it defines.
fn parts(text: &str) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    let mut titled = false;
    for block in blocks(text) {
        let heading = block.starts_with('#')
            || (!block.ends_with(['.', '!', '?', ';', ',', '…'])
                && block.split_whitespace().count() <= 8
                && !is_bullet(block));
        if heading {
            titled = true;
            parts.push((without_bullet(block).trim_end_matches(':').to_owned(), String::new()));
            continue;
        }
        match parts.last_mut() {
            Some((_, body)) if titled || sentences(body).len() < 4 => {
                body.push('\n');
                body.push_str(block);
            }
            _ => parts.push((String::new(), block.to_owned())),
        }
    }
    parts.retain(|(_, body)| !body.is_empty());
    for (title, body) in &mut parts {
        if title.is_empty() {
            let terms: Vec<String> =
                facts::definitions(body).into_iter().map(|definition| definition.term).take(2).collect();
            *title = if terms.is_empty() { opening(body) } else { terms.join(" и ") };
        }
    }
    parts
}
