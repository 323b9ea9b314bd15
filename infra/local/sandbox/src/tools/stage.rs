//! What a step of a run is there for, by its name.

use crate::compose::Kind;

/// What is expected of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Working notes.
    Notes(Kind),
    /// The middle of a text whose beginning and end the next step writes.
    Chapters,
    /// The finished text.
    Write,
    /// A finished text once more, better.
    Polish,
}

const ANALYSIS: &[&str] = &[
    "анализ",
    "разбор",
    "диагностика",
    "замысел",
    "идеи",
    "аудитория",
    "портрет",
    "карта",
    "обстоятельства",
    "сопоставление",
    "исследование",
    "бриф",
];
const PLAN: &[&str] = &[
    "план",
    "структура",
    "прототип",
    "сюжет",
    "раскадровка",
    "научный аппарат",
    "рубрики",
    "рынок",
    "расчёты",
    "достижения",
    "риски",
    "правки",
    "правовая позиция",
    "каркас",
];
const WRITE: &[&str] = &[
    "черновик",
    "текст",
    "сочинение",
    "сказка",
    "сценарий",
    "карточка",
    "протокол",
    "сборка",
    "вопросы",
    "конспект",
    "переработка",
    "правка",
    "перевод",
    "введение и выводы",
];

/// The stage of a step. A step with another name improves the draft if there is one, and writes if there is none.
pub(super) fn of(step: &str, has_draft: bool) -> Stage {
    let step = step.to_lowercase();
    let is_any = |names: &[&str]| names.iter().any(|name| step == *name || step.starts_with(&format!("{name} ")));
    if step == "основная часть" {
        Stage::Chapters
    } else if is_any(ANALYSIS) {
        Stage::Notes(Kind::Analysis)
    } else if is_any(PLAN) {
        Stage::Notes(Kind::Plan)
    } else if step.is_empty() || is_any(WRITE) || !has_draft {
        Stage::Write
    } else {
        Stage::Polish
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_apart_by_name() {
        assert_eq!(of("Анализ темы", false), Stage::Notes(Kind::Analysis));
        assert_eq!(of("Рынок и модель", false), Stage::Notes(Kind::Plan));
        assert_eq!(of("Правки", false), Stage::Notes(Kind::Plan));
        assert_eq!(of("Правка", false), Stage::Write);
        assert_eq!(of("Редактура", true), Stage::Polish);
        assert_eq!(of("Итоговый план", false), Stage::Write);
        assert_eq!(of("", false), Stage::Write);
    }
}
