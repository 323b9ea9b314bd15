//! Reads a prompt: the tool and the step that it is for, and the user's input.
//!
//! Conventions of the writing tools: the system message begins with `Инструмент: <tool id>. <role>`; a step of a longer run begins with
//! `Шаг: <name>.`; the user's input stands in tags, `<текст>…</текст>`.

use super::{Message, Role};

/// A prompt, taken apart.
#[derive(Debug, Default)]
pub(super) struct Prompt {
    /// The id of the tool; `None` for a plain chat.
    pub(super) tool: Option<String>,
    /// The name of the step, if the prompt belongs to a run of several.
    pub(super) step: Option<String>,
    /// The last user message.
    pub(super) question: String,
    /// The results of functions that follow it.
    pub(super) returned: Vec<String>,
    /// The outermost tags of the last user message that are not empty, in order.
    pub(super) tags: Vec<(String, String)>,
}

impl Prompt {
    pub(super) fn read(messages: &[Message]) -> Self {
        let last = |role| messages.iter().rev().find(|message| message.role == role);
        let question = last(Role::User).map(|message| message.text.trim().to_owned()).unwrap_or_default();
        let results = messages.iter().rev().take_while(|message| message.role == Role::Tool);
        let mut returned: Vec<_> = results.map(|message| message.text.clone()).collect();
        returned.reverse();
        let system = messages.iter().find(|message| message.role == Role::System);
        Self {
            tool: system.and_then(|message| marked(&message.text, "Инструмент:")),
            step: marked(&question, "Шаг:"),
            returned,
            tags: tags(&question),
            question,
        }
    }

    /// The content of a tag.
    pub(super) fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(tag, _)| tag == name).map(|(_, content)| content.as_str())
    }
}

/// The rest of the first sentence of a text that begins with this mark.
fn marked(text: &str, mark: &str) -> Option<String> {
    let (name, _) = text.trim_start().strip_prefix(mark)?.split_once('.')?;
    Some(name.trim().to_owned())
}

fn tags(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, from)) = rest.split_once('<') {
        rest = from;
        if let Some((name, content, after)) = element(from) {
            if !content.is_empty() {
                found.push((name.to_lowercase(), content.to_owned()));
            }
            rest = after;
        }
    }
    found
}

/// The element whose opening bracket stands before the text: its name, its content, and the text after it.
fn element(text: &str) -> Option<(&str, &str, &str)> {
    let (name, body) = text.split_once('>')?;
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        return None;
    }
    let (content, after) = body.split_once(&format!("</{name}>"))?;
    Some((name, content.trim(), after))
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
        assert_eq!((read.tool.as_deref(), read.step.as_deref()), (Some("essay"), Some("План")));
        assert_eq!((read.tag("тема"), read.tag("объём"), read.tag("пусто")), (Some("Море"), Some("короткий"), None));
    }

    #[test]
    fn brackets_that_are_no_tags_stay_text() {
        let read = prompt("a < b > c", "1 < 2 <текст>если x < 3 и <b>жирно</b></текст> 5 <");
        assert_eq!(read.tags, [("текст".to_owned(), "если x < 3 и <b>жирно</b>".to_owned())]);
    }

    #[test]
    fn a_plain_chat_names_no_tool() {
        let read = prompt("You are a helpful assistant.", "Hello");
        assert_eq!((read.tool, read.step, read.question.as_str()), (None, None, "Hello"));
    }
}
