//! Paraphrase, editing, plain words.

use super::stage::Stage;
use super::{Task, material};
use crate::rewrite;
use crate::spelling::without_capital;
use crate::text::sentences::{blocks, sentences};

pub(super) fn paraphrase(task: &Task<'_>) -> String {
    let text = task.get("text");
    match task.stage {
        Stage::Notes(_) => task.notes(&material::analyse(text, 12)),
        _ => rewrite::paraphrase(text, task.get("style"), task.get("depth")),
    }
}

pub(super) fn edit(task: &Task<'_>) -> String {
    let (text, goal) = (task.get("text"), task.get("goal"));
    match task.stage {
        Stage::Notes(_) => task.notes(&diagnosis(text, goal)),
        _ => rewrite::edit(text, goal),
    }
}

/// What is weak in a text, with quotations.
fn diagnosis(text: &str, goal: &str) -> String {
    let mut points = Vec::new();
    for (old, new) in rewrite::remarks(text, goal) {
        points.push(if new.is_empty() {
            format!("«{old}» — слова без смысла — убрать")
        } else {
            format!("«{old}» — тяжело или неточно — заменить на «{new}»")
        });
    }
    for sentence in sentences(text).into_iter().filter(|sentence| sentence.split_whitespace().count() > 20) {
        let start = sentence.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
        points.push(format!("«{start}…» — больше двадцати слов — разделить"));
    }
    points.dedup();
    points.truncate(15);
    if points.is_empty() {
        points.push("Грубых недостатков нет — поправить ритм и повторы".to_owned());
    }
    format!("{}\nЗамечания\n— {}\n", material::analyse(text, 3), points.join("\n— "))
}

/// First what it is about, then sentence by sentence, lists as lists.
pub(super) fn simplify(task: &Task<'_>) -> String {
    let lines = rewrite::simplify(task.get("text"));
    let many = lines.len() > 1;
    let mut out = Vec::new();
    for line in &lines {
        let list =
            many && blocks(task.get("text")).len() > 3 && line.split_whitespace().count() <= 20 && !line.ends_with(':');
        if list && sentences(line).len() == 1 {
            out.push(format!("— {}", without_capital(line)));
        } else {
            // Short paragraphs: no more than three sentences each.
            let all = sentences(line);
            out.extend(all.chunks(3).map(|few| few.join(" ")));
        }
    }
    let friendly = match task.get("audience") {
        "ребёнок 8–10 лет" => "Представь, что объясняешь это другу.",
        "подросток" | "тот, кто учит русский язык" => "Вот что это значит.",
        "пожилой человек" => "Коротко и по порядку.",
        _ => "Вот главное простыми словами.",
    };
    format!("{friendly}\n\n{}", out.join("\n"))
}
