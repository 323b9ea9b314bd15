//! Sentences and paragraphs.

/// Words after which a full stop ends no sentence.
const ABBREVIATIONS: &str = "г гг в вв т д п е др пр ул им ст ч гл тел корп оф стр см рис табл руб коп тыс млн млрд обл напр проф акад просп пер кв \
                             mr mrs ms dr prof vs etc e.g i.e st no inc";

/// The sentences of a text, trimmed, without empty ones. A line break ends a sentence only between paragraphs and list items.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    blocks(text).into_iter().flat_map(split).collect()
}

/// Paragraphs, headings and list items.
pub(crate) fn blocks(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| line.chars().any(char::is_alphanumeric)).collect()
}

/// A list item or a heading without its sign.
pub(crate) fn without_bullet(line: &str) -> &str {
    let line = line.trim();
    let bare = line.trim_start_matches(['-', '–', '—', '*', '•', '#', '>']).trim_start();
    let digits = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    match digits.strip_prefix(['.', ')']) {
        Some(rest) if digits.len() < bare.len() && rest.starts_with(' ') => rest.trim_start(),
        _ => bare,
    }
}

/// Whether a line begins like a list item or a heading.
pub(crate) fn is_bullet(line: &str) -> bool {
    without_bullet(line).len() < line.trim().len()
}

fn split(block: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut chars = block.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !matches!(c, '.' | '!' | '?' | '…') {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some((next, mark)) =
            chars.next_if(|(_, c)| matches!(c, '.' | '!' | '?' | '…' | '»' | '"' | ')' | '”'))
        {
            end = next + mark.len_utf8();
        }
        let after = block.get(end..).unwrap_or_default();
        let starts_new = after.starts_with(char::is_whitespace) && begins_sentence(after.trim_start());
        if after.is_empty() || (starts_new && (c != '.' || !is_abbreviated(block.get(start..at).unwrap_or_default()))) {
            found.push(block.get(start..end).unwrap_or_default().trim());
            start = end;
        }
    }
    found.push(block.get(start..).unwrap_or_default().trim());
    found.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    found
}

fn begins_sentence(text: &str) -> bool {
    let opening = text.trim_start_matches(['«', '"', '“', '—', '–', '-', '(', ' ']);
    opening.chars().next().is_some_and(|c| c.is_uppercase() || c.is_numeric())
}

fn is_abbreviated(before: &str) -> bool {
    let word = before.rsplit([' ', '(', '\u{a0}']).next().unwrap_or_default();
    let last = word.rsplit('.').next().unwrap_or_default();
    let initial = last.chars().count() == 1 && last.chars().all(char::is_uppercase);
    initial || ABBREVIATIONS.split(' ').any(|known| known == word.to_lowercase() || known == last.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_their_marks() {
        assert_eq!(
            sentences("Привет! Как дела?.. Хорошо. «Да», — сказал он."),
            ["Привет!", "Как дела?..", "Хорошо.", "«Да», — сказал он."]
        );
        assert_eq!(sentences("Он сказал: «Пора!» И ушёл"), ["Он сказал: «Пора!»", "И ушёл"]);
        assert_eq!(sentences("Первая\nВторая"), ["Первая", "Вторая"]);
    }

    #[test]
    fn abbreviations_initials_and_decimals_end_nothing() {
        assert_eq!(
            sentences("В 2024 г. Москва росла. Писал А. С. Пушкин и т. д. Цена 3.5 руб."),
            ["В 2024 г. Москва росла.", "Писал А. С. Пушкин и т. д. Цена 3.5 руб.",]
        );
        assert_eq!(sentences("Mr. Smith came. He sat."), ["Mr. Smith came.", "He sat."]);
    }

    #[test]
    fn signs_of_lists_come_off() {
        assert_eq!(without_bullet("  1. Первый"), "Первый");
        assert_eq!(without_bullet("- Второй"), "Второй");
        assert_eq!(without_bullet("## Третий"), "Третий");
        assert_eq!(without_bullet("2024 год"), "2024 год");
        assert!(is_bullet("3) Да") && !is_bullet("3 дня"));
    }
}
