//! The writing tools: which technique answers which prompt.

mod bibliography;
mod contract;
mod exercises;
mod material;
mod minutes;
mod quiz;
mod quiz_words;
mod rewriting;
mod stage;
mod summaries;
#[cfg(test)]
mod tests;
mod translation;

use crate::compose::{self, Facts};
use crate::spelling;
use crate::writer::Prompt;
use stage::Stage;

/// What a technique has to go by.
struct Task<'a> {
    tool: &'a str,
    step: &'a str,
    stage: Stage,
    facts: Facts,
    /// Tells several answers to one prompt apart.
    variant: u32,
}

impl Task<'_> {
    fn get(&self, name: &str) -> &str {
        self.facts.get(name)
    }

    /// The notes of this step: the user's fields, then the body.
    fn notes(&self, body: &str) -> String {
        format!("{}\n{}\n{body}", self.facts.notes(), self.step)
    }
}

/// The answer of a tool to a prompt; `None` if the sandbox has nothing to say to it.
pub(crate) fn run(tool: &str, prompt: &Prompt, variant: u32) -> Option<String> {
    let facts = Facts::of(prompt);
    let step = prompt.step.as_deref().unwrap_or_default();
    let stage = stage::of(step, facts.draft.is_some());
    if let (Stage::Polish, Some(draft)) = (stage, &facts.draft) {
        return Some(polish(draft, &facts));
    }
    let task = Task { tool, step, stage, facts, variant };
    match tool {
        "spell_check" => Some(spelling::correct(task.get("text")).text),
        "paraphrase" => Some(rewriting::paraphrase(&task)),
        "edit_text" => Some(rewriting::edit(&task)),
        "simplify" => Some(rewriting::simplify(&task)),
        "translate" => Some(translation::translate(&task)),
        "summarize" => Some(summaries::summarize(&task)),
        "study_notes" => Some(summaries::study_notes(&task)),
        "quiz" => Some(quiz::quiz(&task)),
        "bibliography" => Some(bibliography::bibliography(&task)),
        "meeting_minutes" => Some(minutes::minutes(&task)),
        "contract_review" => Some(contract::review(&task)),
        _ => composed(&task).or_else(|| unknown(&task)),
    }
}

fn composed(task: &Task<'_>) -> Option<String> {
    let text = compose::compose(task.tool, task.step, &task.facts, task.variant)?;
    Some(match task.stage {
        Stage::Notes(kind) => compose::notes(task.tool, task.step, kind, &task.facts),
        Stage::Chapters => format!("{}\n{text}", task.facts.notes()),
        Stage::Write | Stage::Polish => text,
    })
}

/// A tool that has no technique of its own: by what it was given.
fn unknown(task: &Task<'_>) -> Option<String> {
    if !task.get("text").is_empty() {
        return Some(summaries::summarize(task));
    }
    if task.facts.subject().is_empty() {
        return None;
    }
    compose::compose("generic", task.step, &task.facts, task.variant)
}

/// The last look at a finished text: spelling, and no blanks where none belong. The user's own words stay.
fn polish(draft: &str, facts: &Facts) -> String {
    let given: Vec<&str> = facts.iter().map(|(_, text)| text).collect();
    let clean = spelling::correct_around(draft, &given.join("\n")).text;
    clean.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}
