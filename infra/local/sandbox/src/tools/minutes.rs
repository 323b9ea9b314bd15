//! Minutes of a meeting, from notes or a transcript.

use super::stage::Stage;
use super::{Task, material};
use crate::spelling;
use crate::text::names::is_first_name;
use crate::text::put::put;
use crate::text::sentences::{sentences, without_bullet};

/// What a sentence of the record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Decision,
    Duty,
    Question,
    Talk,
}

const DECISIONS: &[&str] = &[
    "решили",
    "решено",
    "договорились",
    "утвердили",
    "утверждаем",
    "согласовали",
    "приняли решение",
    "постановили",
    "выбрали",
];
const DUTIES: &[&str] = &[
    "подготов",
    "сделает",
    "сделаю",
    "отправ",
    "напиш",
    "провер",
    "созвон",
    "поруч",
    "возьмёт",
    "возьмет",
    "возьму",
    "займ",
    "должен",
    "должна",
    "нужно",
    "надо",
    "обещ",
    "уточн",
    "свяж",
    "найд",
    "собер",
    "закаж",
    "оформ",
    "пришл",
    "состав",
    "обнов",
];
const UNITS: &[&str] = &[
    "понедельник",
    "вторник",
    "сред",
    "четверг",
    "пятниц",
    "суббот",
    "воскресень",
    "недел",
    "месяц",
    "дня",
    "дней",
    "завтра",
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
    "час",
    "утр",
    "вечер",
    "числ",
];

struct Entry {
    part: Part,
    speaker: Option<String>,
    text: String,
}

pub(super) fn minutes(task: &Task<'_>) -> String {
    let entries = read(task.get("text"));
    match task.stage {
        Stage::Notes(_) => task.notes(&format!("{}\n{}", listed(&entries), material::analyse(task.get("text"), 5))),
        _ => render(task, &entries),
    }
}

fn read(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for line in text.lines() {
        let (speaker, rest) = speaker(without_bullet(line));
        for sentence in sentences(rest) {
            entries.push(Entry {
                part: part(sentence),
                speaker: speaker.map(str::to_owned),
                text: sentence.to_owned(),
            });
        }
    }
    entries
}

/// `Анна: текст` as who speaks and what.
fn speaker(line: &str) -> (Option<&str>, &str) {
    match line.split_once(':') {
        Some((name, rest))
            if name.split_whitespace().count() <= 2
                && name.chars().next().is_some_and(char::is_uppercase)
                && !rest.starts_with("//") =>
        {
            (Some(name.trim()), rest.trim())
        }
        _ => (None, line),
    }
}

fn part(sentence: &str) -> Part {
    let lower = sentence.to_lowercase();
    let has = |words: &[&str]| {
        words.iter().any(|word| lower.split(|c: char| !c.is_alphabetic()).any(|have| have.starts_with(word)))
    };
    if sentence.ends_with('?')
        || lower.starts_with("непонятно")
        || lower.contains("не решили")
        || lower.contains("открыт")
    {
        Part::Question
    } else if DECISIONS.iter().any(|word| lower.contains(word)) {
        Part::Decision
    } else if has(DUTIES) {
        Part::Duty
    } else {
        Part::Talk
    }
}

/// The words of a sentence that name a date, `до 15 марта`.
fn deadline(sentence: &str) -> Option<String> {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let at = words.iter().enumerate().position(|(place, word)| {
        let next: Vec<&str> = words.iter().skip(place + 1).take(2).copied().collect();
        let names_time = |word: &str| {
            UNITS.iter().any(|unit| word.to_lowercase().starts_with(unit))
                || word.starts_with(|c: char| c.is_ascii_digit())
        };
        let leads = matches!(word.to_lowercase().as_str(), "до" | "к" | "ко" | "во" | "в" | "через" | "на");
        (leads && next.iter().any(|word| names_time(word))) || word.to_lowercase().starts_with("завтра")
    })?;
    let mut end = at + 1;
    while let Some(word) = words.get(end) {
        let is_time = UNITS.iter().any(|unit| word.to_lowercase().starts_with(unit))
            || word.starts_with(|c: char| c.is_ascii_digit());
        if !is_time && end > at + 1 || end > at + 4 {
            break;
        }
        end += 1;
        if word.ends_with(['.', ',', ';']) {
            break;
        }
    }
    words.get(at..end).map(|found| found.join(" ").trim_end_matches(['.', ',', ';', '!']).to_owned())
}

/// Who is to do it: the subject of the sentence, or who says «я».
fn responsible(entry: &Entry) -> Option<String> {
    let mut words = entry.text.split(|c: char| !c.is_alphabetic() && c != '-').filter(|word| !word.is_empty());
    let first = words.next().unwrap_or_default();
    let is_name = |word: &str| {
        let capital = word.chars().next().is_some_and(char::is_uppercase);
        capital && (is_first_name(word) || !spelling::is_common_word(&word.to_lowercase()))
    };
    let named = if is_name(first) { Some(first) } else { words.find(|word| is_name(word)) };
    named.map(str::to_owned).or_else(|| entry.speaker.clone())
}

fn listed(entries: &[Entry]) -> String {
    let titles = [
        (Part::Decision, "Решено"),
        (Part::Duty, "Поручено"),
        (Part::Question, "Без решения"),
        (Part::Talk, "Обсуждалось"),
    ];
    let mut notes = String::new();
    for (part, title) in titles {
        let lines: Vec<String> =
            entries.iter().filter(|entry| entry.part == part).map(|entry| format!("— «{}»", entry.text)).collect();
        if !lines.is_empty() {
            put(&mut notes, format_args!("{title}\n{}\n", lines.join("\n")));
        }
    }
    notes
}

fn render(task: &Task<'_>, entries: &[Entry]) -> String {
    let of = |part: Part| entries.iter().filter(move |entry| entry.part == part);
    let mut out = String::new();
    let only_results = task.get("format") == "только решения и задачи";
    let topic = if task.get("topic").is_empty() {
        entries.first().map(|entry| entry.text.trim_end_matches('.').to_owned()).unwrap_or_default()
    } else {
        task.get("topic").to_owned()
    };
    if !only_results {
        put(&mut out, format_args!("# Протокол встречи: {topic}\n\n"));
        if !task.get("date").is_empty() {
            put(&mut out, format_args!("Дата: {}\n\n", task.get("date")));
        }
        let people = participants(task.get("participants"), entries);
        if !people.is_empty() {
            put(&mut out, format_args!("Участники: {}\n\n", people.join(", ")));
        }
        put(&mut out, format_args!("## Повестка\n\n- {topic}\n\n"));
    }
    if task.get("format") == "подробный протокол" {
        out.push_str("## Ход обсуждения\n\n");
        for entry in of(Part::Talk) {
            let who = entry.speaker.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            put(&mut out, format_args!("- {who}{}\n", entry.text));
        }
        out.push('\n');
    }
    let decisions: Vec<String> = of(Part::Decision).map(|entry| format!("- {}", entry.text)).collect();
    if !decisions.is_empty() {
        put(&mut out, format_args!("## Решения\n\n{}\n\n", decisions.join("\n")));
    }
    let duties: Vec<String> = of(Part::Duty).enumerate().map(|(place, entry)| row(place, entry)).collect();
    if !duties.is_empty() {
        put(
            &mut out,
            format_args!(
                "## Задачи\n\n| № | Задача | Ответственный | Срок |\n|---|---|---|---|\n{}\n\n",
                duties.join("\n")
            ),
        );
    }
    let questions: Vec<String> = of(Part::Question).map(|entry| format!("- {}", entry.text)).collect();
    if !questions.is_empty() {
        put(&mut out, format_args!("## Открытые вопросы\n\n{}\n", questions.join("\n")));
    }
    if decisions.is_empty() && duties.is_empty() && questions.is_empty() {
        let main = crate::extract::summary(task.get("text"), 5).join("\n- ");
        put(&mut out, format_args!("## Обсуждали без решения\n\n- {main}\n"));
    }
    out.trim_end().to_owned()
}

fn row(place: usize, entry: &Entry) -> String {
    let who = responsible(entry).unwrap_or_else(|| "[ответственный не назван]".to_owned());
    let when = deadline(&entry.text).unwrap_or_else(|| "[срок не назван]".to_owned());
    format!("| {} | {} | {who} | {when} |", place + 1, entry.text.trim_end_matches('.').replace('|', "/"))
}

fn participants(given: &str, entries: &[Entry]) -> Vec<String> {
    if !given.is_empty() {
        return given.split(';').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    }
    let mut names = Vec::new();
    for name in entries.iter().filter_map(|entry| entry.speaker.clone()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_and_people_are_found() {
        assert_eq!(deadline("Анна подготовит смету до 15 марта, потом отчёт."), Some("до 15 марта".to_owned()));
        assert_eq!(deadline("Пётр отправит договор к пятнице."), Some("к пятнице".to_owned()));
        assert_eq!(deadline("Надо подумать."), None);
        let entry = &read("Олег: Марина подготовит отчёт к среде.")[0];
        assert_eq!((entry.part, entry.speaker.as_deref()), (Part::Duty, Some("Олег")));
    }

    #[test]
    fn sentences_are_sorted() {
        let parts: Vec<Part> = read("Решили запустить рекламу. Иван составит план. Кто поедет? Было весело.")
            .iter()
            .map(|entry| entry.part)
            .collect();
        assert_eq!(parts, [Part::Decision, Part::Duty, Part::Question, Part::Talk]);
    }
}
