//! What a step of analysis says about a given text.

use crate::extract::{self, facts};
use crate::text::put::put;
use crate::text::sentences::{sentences, without_bullet};

/// The thoughts of a text, its terms, and what may not be changed in it.
pub(super) fn analyse(text: &str, thoughts: usize) -> String {
    let mut notes = "Главные мысли\n".to_owned();
    for (place, thought) in extract::summary(text, thoughts).into_iter().enumerate() {
        put(&mut notes, format_args!("{}. {thought}\n", place + 1));
    }
    let definitions = facts::definitions(text);
    if !definitions.is_empty() {
        notes.push_str("\nОпределения\n");
        for definition in definitions {
            put(&mut notes, format_args!("— {}: {}\n", definition.term, definition.meaning));
        }
    }
    let fixed = [facts::numbers(text), facts::names(text), facts::quotations(text)].concat();
    if !fixed.is_empty() {
        put(&mut notes, format_args!("\nНе менять\n— {}\n", fixed.join("\n— ")));
    }
    put(&mut notes, format_args!("\nКлючевые слова: {}\n", extract::keywords(text, 8).join(", ")));
    notes
}

/// The sentences of a text without signs of lists.
pub(super) fn statements(text: &str) -> Vec<&str> {
    sentences(text)
        .into_iter()
        .map(without_bullet)
        .filter(|sentence| sentence.split_whitespace().count() >= 4)
        .collect()
}
