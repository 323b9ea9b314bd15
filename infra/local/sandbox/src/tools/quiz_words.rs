//! Wrong answers that fit the sentence: words of the same form as the right one.

use crate::spelling::is_common_word;
use crate::text::is_cyrillic;

/// Adjectives without their endings.
const ADJECTIVES: &[&str] =
    &["известн", "обычн", "северн", "крупн", "нов", "стар", "сложн", "отдельн", "временн", "случайн"];
/// What adjectives alone end with. `-ой`, `-ом`, `-ей` are left out: nouns have them too.
const ADJECTIVE_ENDINGS: &[&str] = &["ый", "ая", "ое", "ые", "ого", "ому", "ых", "ую", "ыми", "ым"];
/// Verbs in the past without `-л`, and their reflexive fellows.
const PAST: &[&str] = &["потеря", "забы", "измени", "скры", "описа"];
const PAST_REFLEXIVE: &[&str] = &["измени", "скры", "верну", "появи"];
/// Verbs in the present without `-ет` and `-ют`.
const PRESENT: &[&str] = &["теря", "скрыва", "заменя", "меня", "отменя"];
const NUMERALS: &[&str] = &["три", "пять", "шесть", "семь", "восемь", "девять", "десять", "двадцать"];

/// Up to three words that could stand where `right` stands, but say something else; empty if no such words are known.
pub(super) fn alternatives(right: &str, start: usize) -> Vec<String> {
    if let Ok(number) = right.parse::<i64>() {
        let step = if number > 1500 { 10 } else { (number / 5).max(1) };
        return [number + step, (number - step).max(0), number + 2 * step].map(|n| n.to_string()).to_vec();
    }
    if !right.chars().all(is_cyrillic) {
        return Vec::new();
    }
    let lower = right.to_lowercase();
    if NUMERALS.contains(&lower.as_str()) {
        return rotated(NUMERALS, "", &lower, start);
    }
    if let Some(ending) =
        ADJECTIVE_ENDINGS.iter().filter(|ending| lower.ends_with(**ending)).max_by_key(|ending| ending.len())
        && lower.chars().count() > 5
        && ["ый", "ий"]
            .iter()
            .any(|base| is_common_word(&format!("{}{base}", lower.strip_suffix(ending).unwrap_or_default())))
    {
        return rotated(ADJECTIVES, ending, &lower, start);
    }
    for ending in ["лся", "лась", "лось", "лись"] {
        if lower.ends_with(ending) {
            return rotated(PAST_REFLEXIVE, ending, &lower, start);
        }
    }
    for ending in ["л", "ла", "ло", "ли"] {
        let infinitive = lower.strip_suffix(ending).map(|stem| format!("{stem}ть"));
        if infinitive.is_some_and(|verb| is_common_word(&verb) && verb.chars().count() > 4) {
            return rotated(PAST, ending, &lower, start);
        }
    }
    for ending in ["ет", "ют"] {
        let infinitive = lower.strip_suffix(ending).map(|stem| format!("{stem}ть"));
        if infinitive.is_some_and(|verb| is_common_word(&verb)) {
            return rotated(PRESENT, ending, &lower, start);
        }
    }
    Vec::new()
}

fn rotated(stems: &[&str], ending: &str, right: &str, start: usize) -> Vec<String> {
    let words = stems.iter().cycle().skip(start % stems.len()).take(stems.len()).map(|stem| format!("{stem}{ending}"));
    words.filter(|word| word != right).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_have_the_form_of_the_right_word() {
        assert_eq!(alternatives("минеральных", 0), ["известных", "обычных", "северных"]);
        assert_eq!(alternatives("завоевал", 0), ["потерял", "забыл", "изменил"]);
        assert_eq!(alternatives("родился", 1), ["скрылся", "вернулся", "появился"]);
        assert_eq!(alternatives("впадает", 0), ["теряет", "скрывает", "заменяет"]);
        assert_eq!(alternatives("1642", 0), ["1652", "1632", "1662"]);
        assert!(alternatives("материал", 0).is_empty());
    }
}
