//! First names: who is a person, and how to address them.

use std::collections::HashSet;
use std::sync::LazyLock;

static MEN: LazyLock<HashSet<&str>> = LazyLock::new(|| names(0));
static WOMEN: LazyLock<HashSet<&str>> = LazyLock::new(|| names(1));

/// The names of one half of the file.
fn names(half: usize) -> HashSet<&'static str> {
    let file = include_str!("../../data/names.txt");
    let lists = file.split("\n\n").nth(half).unwrap_or_default();
    lists.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect()
}

/// Whether the word is a first name.
pub(crate) fn is_first_name(word: &str) -> bool {
    let lower = word.to_lowercase();
    MEN.contains(lower.as_str()) || WOMEN.contains(lower.as_str())
}

/// Whether somebody is a woman, by the first name, else by the ending; relatives by what they are.
pub(crate) fn is_female(person: &str) -> bool {
    const RELATIVES: &[&str] = &["папа", "дедушка", "дядя", "мужчина", "юноша", "судья", "коллега"];
    let lower = person.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() > 2).collect();
    if words.iter().any(|word| word.ends_with("ич")) {
        return false;
    }
    let known = words.iter().find(|word| MEN.contains(*word) || WOMEN.contains(*word));
    if let Some(name) = known {
        return WOMEN.contains(name);
    }
    let first = words.first().copied().unwrap_or_default();
    !RELATIVES.contains(&first) && (first.ends_with(['а', 'я']) || ["мать", "дочь", "дочка"].contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_and_have_a_gender() {
        assert!(is_first_name("Иван") && is_first_name("Мария") && !is_first_name("Надо"));
        assert!(is_female("мама") && is_female("Ольга Петровна") && is_female("Орлова Любовь"));
        assert!(!is_female("папа") && !is_female("Иван") && !is_female("Никита") && !is_female("Лука Ильич"));
    }
}
