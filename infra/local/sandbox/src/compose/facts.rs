//! What a prompt gives to work with: the user's fields, under the names that templates use.

use std::collections::BTreeMap;

use crate::text::put::put;
use crate::text::sentences::sentences;
use crate::writer::Prompt;

/// Tag in prompts, name in templates.
const NAMES: &[(&str, &str)] = &[
    ("тема", "topic"),
    ("текст", "text"),
    ("суть", "points"),
    ("продукт", "product"),
    ("ситуация", "situation"),
    ("повод", "occasion"),
    ("герой", "hero"),
    ("вакансия", "vacancy"),
    ("должность", "position"),
    ("идея", "idea"),
    ("проект", "project"),
    ("получатель", "recipient"),
    ("аудитория", "audience"),
    ("бюджет", "budget"),
    ("вид", "kind"),
    ("возраст", "age"),
    ("вопросы", "questions"),
    ("главы", "chapters"),
    ("глубина", "depth"),
    ("дата", "date"),
    ("длительность", "duration"),
    ("доказательства", "proof"),
    ("документы", "documents"),
    ("знакомство", "acquaintance"),
    ("имя", "name"),
    ("клиент", "client"),
    ("ключи", "keys"),
    ("количество", "count"),
    ("компания", "company"),
    ("мотивация", "motivation"),
    ("навыки", "skills"),
    ("образование", "education"),
    ("обязанности", "duties"),
    ("объем", "length"),
    ("опыт", "experience"),
    ("отправитель", "sender"),
    ("платформа", "platform"),
    ("подробности", "details"),
    ("пожелания", "wishes"),
    ("порядок", "order"),
    ("предмет", "subject"),
    ("преимущества", "advantages"),
    ("призыв", "action"),
    ("продавец", "seller"),
    ("произведения", "works"),
    ("разделы", "sections"),
    ("регион", "region"),
    ("роль", "role"),
    ("сложность", "difficulty"),
    ("события", "events"),
    ("спутники", "companions"),
    ("срок", "term"),
    ("стиль", "style"),
    ("сторона", "side"),
    ("тезис", "thesis"),
    ("термины", "terms"),
    ("тон", "tone"),
    ("требования", "requirements"),
    ("трудность", "trouble"),
    ("уровень", "level"),
    ("условия", "conditions"),
    ("участники", "participants"),
    ("формат", "format"),
    ("характеристики", "features"),
    ("хештеги", "hashtags"),
    ("цель", "goal"),
    ("цена", "price"),
    ("цифры", "figures"),
    ("экзамен", "exam"),
    ("язык", "language"),
];

/// The heading under which working notes carry the user's fields from step to step.
const HEADING: &str = "Дано";
/// How much of a long field the notes carry, in bytes: a model call has a limit.
const CARRIED: usize = 6000;

/// The user's fields and the draft of the step before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    fields: BTreeMap<&'static str, String>,
    /// A draft that is a text, not notes.
    pub(crate) draft: Option<String>,
}

impl Facts {
    /// The fields of a prompt; what its tags do not say, the notes in its draft may.
    pub(crate) fn of(prompt: &Prompt) -> Self {
        let mut facts = Self::default();
        for (tag, text) in prompt.tags() {
            if let Some(name) = template_name(tag) {
                facts.fields.entry(name).or_insert_with(|| text.to_owned());
            }
        }
        if let Some(draft) = prompt.tag("черновик") {
            match draft.strip_prefix(HEADING) {
                Some(notes) => facts.take_notes(notes),
                None => facts.draft = Some(draft.to_owned()),
            }
        }
        facts
    }

    /// A field by its name in templates; empty if it was not given.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Every field that there may be, by its name in templates; empty if it was not given.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        NAMES.iter().map(|(_, name)| (*name, self.get(name)))
    }

    /// What the prompt is about: its main field.
    pub(crate) fn subject(&self) -> &str {
        NAMES.iter().map(|(_, name)| self.get(name)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Whether the answer is wanted in English.
    pub(crate) fn wants_english(&self) -> bool {
        self.get("language") == "английский"
    }

    /// The fields as the beginning of working notes, so that a later step that is not given them again knows them.
    pub(crate) fn notes(&self) -> String {
        let mut notes = format!("{HEADING}\n");
        for (tag, name) in NAMES {
            let text = self.get(name);
            if text.is_empty() {
                continue;
            }
            let shown = carried(text);
            if shown.contains('\n') {
                put(&mut notes, format_args!("{}:\n  {}\n", capital(tag), shown.replace('\n', "\n  ")));
            } else {
                put(&mut notes, format_args!("{}: {shown}\n", capital(tag)));
            }
        }
        notes
    }

    /// The reverse of [`Facts::notes`]: lines `Name: value`, more lines of a value indented, up to the first empty line.
    fn take_notes(&mut self, notes: &str) {
        let mut found: Vec<(&'static str, String)> = Vec::new();
        for line in notes.trim_start_matches('\n').lines() {
            if let (Some(more), Some((_, text))) = (line.strip_prefix("  "), found.last_mut()) {
                if !text.is_empty() {
                    text.push('\n');
                }
                text.push_str(more);
            } else if line.trim().is_empty() {
                break;
            } else if let Some((label, text)) = line.split_once(':')
                && let Some(name) = template_name(&label.to_lowercase())
            {
                found.push((name, text.trim().to_owned()));
            }
        }
        for (name, text) in found {
            self.fields.entry(name).or_insert(text);
        }
    }
}

fn template_name(tag: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == tag).map(|(_, name)| *name)
}

fn capital(tag: &str) -> String {
    crate::text::case::capitalise(tag)
}

/// The text, without blank lines, and without its end if it is long.
fn carried(text: &str) -> String {
    let tight = text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
    if tight.len() <= CARRIED {
        return tight;
    }
    let mut short = String::new();
    for sentence in sentences(&tight).into_iter().take_while(|sentence| sentence.len() < CARRIED) {
        if short.len() + sentence.len() > CARRIED {
            break;
        }
        short.push_str(sentence);
        short.push(' ');
    }
    short.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::{Message, Role};

    fn facts(user: &str) -> Facts {
        Facts::of(&Prompt::read(&[Message { role: Role::User, text: user.to_owned() }]))
    }

    #[test]
    fn notes_carry_fields_to_later_steps() {
        let first = facts("<тема>Море: начало</тема>\n<опыт>\nРаз\n\nДва: три\n</опыт>");
        let later = facts(&format!("<черновик>\n{}\nПлан\nТема: другое\n</черновик><тон>живой</тон>", first.notes()));
        assert_eq!(later.get("topic"), "Море: начало");
        assert_eq!(later.get("experience"), "Раз\nДва: три");
        assert_eq!(later.get("tone"), "живой");
        assert!(later.draft.is_none());
    }

    #[test]
    fn a_draft_without_notes_is_a_text() {
        let facts = facts("<тема>Море</тема><черновик>Море зовёт.</черновик>");
        assert_eq!(facts.draft.as_deref(), Some("Море зовёт."));
        assert_eq!(facts.subject(), "Море");
    }
}
