//! Reading what a user typed into a form: lists, names, figures; and fitting it into a sentence.

use crate::extract;
use crate::text::case;
use crate::text::sentences::without_bullet;

pub(super) fn bare(text: &str) -> &str {
    text.trim().trim_end_matches(['.', '!', ';', ',', ':', '…', ' '])
}

pub(super) fn end(text: &str) -> String {
    let text = text.trim().trim_end_matches([';', ',', ':']);
    let closed = text.trim_end_matches(['»', '"', ')', ']']).ends_with(['.', '!', '?', '…']);
    if closed || text.is_empty() { text.to_owned() } else { format!("{text}.") }
}

/// At most `limit` characters, cut between words, without a mark or a small word at the end.
pub(super) fn cut(text: &str, limit: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= limit {
        return text;
    }
    let mut short = String::new();
    for word in text.split(' ') {
        if short.chars().count() + 1 + word.chars().count() > limit {
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    if short.is_empty() {
        return text.chars().take(limit).collect();
    }
    while let Some((rest, last)) = short.rsplit_once(' ')
        && last.chars().count() < 3
        && !last.chars().any(char::is_numeric)
    {
        short.truncate(rest.len());
    }
    let unclosed = short.matches('«').count() > short.matches('»').count();
    let trimmed = bare(&short).trim_end_matches(['—', '–', '-', '(', ' ', ',']);
    if unclosed { format!("{trimmed}»") } else { trimmed.to_owned() }
}

/// The items of a list that a user wrote as lines, or in one line with semicolons.
pub(super) fn items(text: &str) -> Vec<String> {
    text.lines()
        .flat_map(|line| line.split(';'))
        .map(|item| without_bullet(item).trim().to_owned())
        .filter(|item| item.chars().any(char::is_alphanumeric))
        .collect()
}

/// The items of a list in one line with commas.
pub(super) fn commas(text: &str) -> Vec<String> {
    text.split([',', ';', '\n'])
        .map(|item| without_bullet(item).trim().to_owned())
        .filter(|item| !item.is_empty())
        .collect()
}

/// The properties that a text names: by commas and sentences, but numbers with a decimal comma stay whole.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let split = text.replace(", ", "\n").replace(". ", "\n");
    items(&split)
}

/// The number that goes with a word: after it, else before it; `60 тыс.` is 60000. Zero if there is none.
pub(super) fn figure(text: &str, word: &str) -> i64 {
    let lower = text.to_lowercase();
    let Some((before, after)) = lower.split_once(word) else { return 0 };
    let near = after.split([',', ';', '\n']).next().unwrap_or_default();
    let source = if number(near) > 0 { near } else { before.rsplit([',', ';', '\n']).next().unwrap_or_default() };
    let amount = number(source);
    if source.contains("млн") || source.contains("миллион") {
        amount * 1_000_000
    } else if source.contains("тыс") {
        amount * 1000
    } else {
        amount
    }
}

/// The name under a letter; empty if there is none.
pub(super) fn signature(letter: &str) -> String {
    let last = letter.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let name = last.rsplit_once("уважением,").map_or(last, |(_, name)| name);
    let name = bare(name.split([',', '|']).next().unwrap_or(name));
    let words: Vec<&str> = name.split_whitespace().collect();
    let looks =
        (1..=3).contains(&words.len()) && words.iter().all(|word| word.chars().next().is_some_and(char::is_uppercase));
    if looks && letter.lines().filter(|line| !line.trim().is_empty()).count() > 1 {
        name.to_owned()
    } else {
        String::new()
    }
}

/// Whether a letter is on first-name terms.
pub(super) fn says_ty(letter: &str) -> bool {
    let lower = letter.to_lowercase();
    lower
        .split(|c: char| !c.is_alphabetic())
        .any(|word| matches!(word, "ты" | "тебе" | "тебя" | "тобой" | "твой" | "твоя" | "твоё" | "твои" | "hey"))
}

/// Lines and fragments as sentences.
pub(super) fn prose(text: &str) -> String {
    items(text).iter().map(|item| end(&case::capitalise(item))).collect::<Vec<_>>().join(" ")
}

/// Exactly `limit` hashtags: from the text, then from `more`, then common ones. Verbs and adjectives make no good tags.
pub(super) fn hashtags(text: &str, limit: usize, more: &str) -> String {
    let is_no_noun = |word: &String| {
        ["ть", "ли", "ла", "ет", "ют", "ся", "им", "ем", "ую", "юю", "ая", "ый", "ий", "ое", "ые", "ого", "ому", "ых"]
            .iter()
            .any(|ending| word.ends_with(ending))
    };
    let found =
        extract::keywords(text, 10).into_iter().chain(extract::keywords(more, 10)).filter(|word| !is_no_noun(word));
    let common =
        ["полезное", "новости", "советы", "мнение", "обсудим", "идеи", "вопрос", "опыт", "истории", "интересное"];
    let mut tags: Vec<String> = Vec::new();
    for word in found.chain(common.map(str::to_owned)) {
        let tag = format!("#{}", word.replace(['-', '\'', '’', ' '], "").to_lowercase());
        if tags.len() < limit && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.join(" ")
}

/// The first whole number in a text, blanks between its digits allowed; zero if there is none.
pub(super) fn number(text: &str) -> i64 {
    let from = text.find(|c: char| c.is_ascii_digit()).and_then(|at| text.get(at..)).unwrap_or_default();
    let mut digits = String::new();
    let mut rest = from.chars().peekable();
    while let Some(c) = rest.next() {
        let groups = matches!(c, ' ' | '\u{a0}') && rest.peek().is_some_and(char::is_ascii_digit);
        if c.is_ascii_digit() {
            digits.push(c);
        } else if !groups {
            break;
        }
    }
    digits.parse().unwrap_or(0)
}

/// `1234567` as `1 234 567`.
pub(super) fn money(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    if amount < 0 { format!("−{grouped}") } else { grouped }
}

pub(super) fn quote(text: &str) -> String {
    let text = bare(text);
    let text = text.strip_prefix(['«', '"', '“']).and_then(|inner| inner.strip_suffix(['»', '"', '”'])).unwrap_or(text);
    format!("«{}»", text.replace('«', "„").replace('»', "“"))
}

/// How to address somebody: `Белова Ольга Петровна, учительница` as `Ольга Петровна`.
pub(super) fn address(text: &str) -> String {
    let name = bare(text.split([',', '(', ';', '—']).next().unwrap_or(text));
    let words: Vec<&str> = name.split_whitespace().collect();
    let named = words.windows(2).find(|pair| pair.last().is_some_and(|word| is_patronymic(word)));
    case::capitalise(&named.map_or_else(|| name.to_owned(), |pair| pair.join(" ")))
}

/// Whether somebody is named with a patronymic.
pub(super) fn is_formal(text: &str) -> bool {
    text.split(|c: char| !c.is_alphabetic()).any(is_patronymic)
}

fn is_patronymic(word: &str) -> bool {
    word.chars().count() > 5 && ["вич", "вна", "чна"].iter().any(|end| word.ends_with(end))
}

/// With a question mark if it is a question, else with a full stop.
pub(super) fn asked(text: &str) -> String {
    let bare = bare(text).trim_end_matches('?');
    format!("{bare}{}", if is_question(text) { '?' } else { '.' })
}

pub(super) fn is_question(text: &str) -> bool {
    let lower = text.to_lowercase();
    let first = lower.split_whitespace().next().unwrap_or_default();
    lower.trim_end().ends_with('?')
        || lower.split_whitespace().any(|word| word == "ли")
        || matches!(
            first,
            "почему"
                | "зачем"
                | "как"
                | "что"
                | "кто"
                | "где"
                | "когда"
                | "куда"
                | "чем"
                | "какой"
                | "какая"
                | "какие"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_keeps_words_whole() {
        assert_eq!(cut("Ремонт квартир в Москве и области", 30), "Ремонт квартир в Москве");
        assert_eq!(cut("коротко", 30), "коротко");
        assert_eq!(cut("Кафе «Уютный дворик на углу»", 20), "Кафе «Уютный дворик»");
    }

    #[test]
    fn lists_are_split_and_closed() {
        assert_eq!(items("— раз;\n2. два; три\n\n"), ["раз", "два", "три"]);
        assert_eq!(prose("раз;\nдва?"), "Раз. Два?");
    }

    #[test]
    fn numbers_are_read_and_written() {
        assert_eq!(number("24 990 рублей"), 24990);
        assert_eq!(number("500 слов"), 500);
        assert_eq!(number("нет"), 0);
        assert_eq!(money(1_234_567), "1\u{a0}234\u{a0}567");
    }

    #[test]
    fn letters_are_read() {
        assert_eq!(signature("Добрый день!\nКогда ждать?\n\nС уважением,\nИван Петров"), "Иван Петров");
        assert_eq!(signature("Когда ждать ответа?"), "");
        assert!(says_ty("Привет! Как ты?") && !says_ty("Как вы?"));
    }

    #[test]
    fn figures_are_found_by_their_word() {
        let text = "средний чек 350 рублей, аренда 60 тыс., 40 клиентов в день";
        assert_eq!(
            [figure(text, "чек"), figure(text, "аренд"), figure(text, "клиент"), figure(text, "зарплат")],
            [350, 60_000, 40, 0]
        );
    }

    #[test]
    fn people_are_addressed() {
        assert_eq!(address("ольга Петровна, учительница"), "Ольга Петровна");
        assert_eq!(address("Ольга Сергеевна Белова"), "Ольга Сергеевна");
        assert!(is_formal("Ольга Петровна") && !is_formal("мама"));
    }

    #[test]
    fn quotation_marks_nest() {
        assert_eq!(quote("Роман «Идиот»."), "«Роман „Идиот“»");
        assert_eq!(quote("«Море»"), "«Море»");
    }
}
