//! Composition: a finished text from a template, and the working notes that lead to it.
//!
//! One template per tool, `data/tools/<tool>.txt` (and `<tool>.en.txt` for answers in English). A template gets the user's fields
//! ([`facts`]) and the helpers of [`functions`]; which of its variants appear follows from what the prompt is about, so every step of a run
//! and every run with the same input writes the same text.

pub(crate) mod facts;
mod functions;
mod notes;
mod reading;
mod template;

use crate::writer::Seed;
pub(crate) use facts::Facts;
pub(crate) use notes::{Kind, notes};

/// The finished text of a tool; `None` if there is no template for it. `variant` tells several answers to one prompt apart.
pub(crate) fn compose(tool: &str, step: &str, facts: &Facts, variant: u32) -> Option<String> {
    let name = template::name(tool, facts.wants_english())?;
    let seed = Seed::of([tool, facts.subject(), &variant.to_string()]);
    let text = template::render(name, step, facts, seed);
    text.inspect_err(|error| tracing::error!(tool, error = format!("{error:#}"), "template does not render")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_renders_even_without_any_field() {
        let broken: Vec<String> = template::names()
            .filter_map(|name| {
                template::render(name, "", &Facts::default(), Seed::of([name]))
                    .err()
                    .map(|error| format!("{name}: {error:#}"))
            })
            .collect();
        assert!(broken.is_empty(), "{broken:#?}");
    }
}
