//! Reads a prompt: which tool asks, for which step, and what the user gave.
//!
//! Conventions of the writing tools: the system message begins with `Инструмент: <tool id>. <role>`; a step of a longer run begins with
//! `Шаг: <name>.`; what the user typed stands in tags, `<текст>…</текст>`.

use super::{Message, Role};

/// A prompt, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Prompt {
    /// The id of the tool that asks; `None` for a plain chat.
    pub(crate) tool: Option<String>,
    /// The name of the step, if the prompt belongs to a run of several.
    pub(crate) step: Option<String>,
    /// All instructions: system messages and the last user message, without the tagged material.
    pub(crate) instructions: String,
    /// The last user message as it came.
    pub(crate) question: String,
    /// What functions returned after it.
    pub(crate) returned: Vec<String>,
    tags: Vec<(String, String)>,
}

impl Prompt {
    pub(crate) fn read(messages: &[Message]) -> Self {
        let system =
            messages.iter().filter(|message| message.role == Role::System).map(|message| message.text.as_str());
        let question =
            messages.iter().rev().find(|message| message.role == Role::User).map(|message| message.text.as_str());
        let returned = messages.iter().rev().take_while(|message| message.role == Role::Tool);
        let mut prompt = Self {
            question: question.unwrap_or_default().trim().to_owned(),
            returned: returned.map(|message| message.text.clone()).collect(),
            ..Self::default()
        };
        prompt.returned.reverse();
        for text in system.chain(question) {
            prompt.add(text);
        }
        prompt
    }

    fn add(&mut self, text: &str) {
        let rest = take_tags(text, &mut self.tags);
        for line in rest.lines() {
            let line = line.trim();
            if let Some(named) = line.strip_prefix("Инструмент:") {
                let (id, role) = named.split_once('.').unwrap_or((named, ""));
                self.tool.get_or_insert_with(|| id.trim().to_owned());
                self.instructions.push_str(role.trim());
            } else if let Some(named) = line.strip_prefix("Шаг:") {
                let (name, more) = named.split_once('.').unwrap_or((named, ""));
                self.step.get_or_insert_with(|| name.trim().to_owned());
                self.instructions.push_str(more.trim());
            } else {
                self.instructions.push_str(line);
            }
            self.instructions.push('\n');
        }
    }

    /// What stands in the first non-empty tag of this name.
    pub(crate) fn tag(&self, name: &str) -> Option<&str> {
        self.tags().find(|(tag, _)| *tag == name).map(|(_, text)| text)
    }

    /// All tags that hold anything, in order.
    pub(crate) fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

/// Moves every outermost `<tag>…</tag>` of the text into `tags`; gives back what is left.
fn take_tags(text: &str, tags: &mut Vec<(String, String)>) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let (before, from) = rest.split_at_checked(open).unwrap_or((rest, ""));
        left.push_str(before);
        if let Some((name, inner, after)) = element(from) {
            tags.push((name.to_lowercase(), inner.trim().to_owned()));
            rest = after;
        } else {
            left.push('<');
            rest = from.strip_prefix('<').unwrap_or_default();
        }
    }
    left.push_str(rest);
    left
}

/// The element at the beginning of the text: its name, what it holds, and what follows.
fn element(text: &str) -> Option<(&str, &str, &str)> {
    let (name, body) = text.strip_prefix('<')?.split_once('>')?;
    if name.is_empty() || name.len() > 64 || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return None;
    }
    let (inner, after) = body.split_once(&format!("</{name}>"))?;
    Some((name, inner, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(system: &str, user: &str) -> Prompt {
        Prompt::read(&[
            Message { role: Role::System, text: system.to_owned() },
            Message { role: Role::User, text: user.to_owned() },
        ])
    }

    #[test]
    fn a_tool_prompt_is_taken_apart() {
        let read = prompt(
            "Инструмент: essay. Ты автор эссе.\nПиши ясно.",
            "Шаг: План.\nСоставь план.\n<тема>Море</тема>\n<объём> короткий </объём>\n<пусто></пусто>",
        );
        assert_eq!(read.tool.as_deref(), Some("essay"));
        assert_eq!(read.step.as_deref(), Some("План"));
        assert_eq!(read.tag("тема"), Some("Море"));
        assert_eq!(read.tag("объём"), Some("короткий"));
        assert_eq!(read.tag("пусто"), None);
        assert!(read.instructions.contains("Составь план."));
        assert!(!read.instructions.contains("Море"));
    }

    #[test]
    fn signs_that_are_no_tags_stay_text() {
        let read = prompt("a < b > c", "<текст>если x < 3 и <b>жирно</b></текст> 5 <");
        assert_eq!(read.tag("текст"), Some("если x < 3 и <b>жирно</b>"));
        assert!(read.instructions.starts_with("a < b > c"));
    }

    #[test]
    fn a_plain_chat_names_no_tool() {
        let read = prompt("You are a helpful assistant.", "Hello");
        assert_eq!((read.tool.as_deref(), read.step.as_deref(), read.question.as_str()), (None, None, "Hello"));
    }
}
