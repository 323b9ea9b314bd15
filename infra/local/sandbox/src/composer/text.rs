//! Texts: the sandbox says what it is and quotes the request.

use std::fmt::Write as _;

use super::prompt::Prompt;
use crate::model::tokens;
use crate::spelling::{self, is_cyrillic};

/// The longest quotation inside a sentence or a list, in words.
const QUOTED_WORDS: usize = 20;
/// The tag of the text that a tool works on.
const TEXT: &str = "текст";
/// The tag of the text that the step before wrote.
const DRAFT: &str = "черновик";

/// The tag of the length of the result.
const LENGTH: &str = "объем";
/// Steps that plan a text of that length, and are shorter themselves.
const PLANS: [&str; 2] = ["План", "Структура"];
/// Words of a paragraph that fills a text up to its length, and the most paragraphs of a text.
const PARAGRAPH: (usize, usize) = (50, 8);

/// What a tool says that has no text to work on.
const ABOUT: &str = "\
Настоящая модель написала бы здесь готовый текст. Песочница повторяет протокол, а не качество: она получает тот же запрос, отвечает в той же \
форме и так же считает токены, но сама ничего не сочиняет.

Чтобы тексты были настоящими, подключите модель. Подойдёт любой сервер с протоколом OpenAI, в том числе локальный, например Ollama или \
llama.cpp:

cargo run -- --set OpenAiBaseUrl=http://localhost:11434/v1 --set OpenAiApiKey=local --set OpenAiModel=<модель>

Всё остальное работает так же, как с моделью: шаги идут друг за другом и видят текст предыдущего, ход работы виден по WebSocket, райты \
удерживаются в начале и списываются, когда готов последний шаг. Если модель не ответит, они вернутся.";

/// The answer to a prompt in words. The text of a tool stays below `limit` tokens.
pub(super) fn compose(prompt: &Prompt, limit: Option<u32>) -> String {
    match (prompt.tool.as_deref(), prompt.tag(TEXT)) {
        (Some("spell_check"), Some(text)) => spelling::correct(text),
        (Some(tool), text) => of_tool(tool, prompt, text, limit),
        (None, _) => of_chat(prompt),
    }
}

/// The tool, the step and the input of a run, then the text to work on.
fn of_tool(tool: &str, prompt: &Prompt, text: Option<&str>, limit: Option<u32>) -> String {
    let step = prompt.step.as_ref().map(|step| format!(", шаг «{step}»")).unwrap_or_default();
    let mut answer = format!("Ответ песочницы вместо модели: инструмент {tool}{step}.\n\n");
    for (name, content) in prompt.tags.iter().filter(|(name, _)| name != TEXT) {
        // Writing to a string does not fail.
        let _ = match name.as_str() {
            DRAFT => writeln!(answer, "- {name}: {} знаков", content.chars().count()),
            _ => writeln!(answer, "- {name}: {}", shortened(content)),
        };
    }
    let body = text.map_or_else(|| format!("{ABOUT}{}", paragraphs(prompt)), str::to_owned);
    // A third of the limit is left for the rest.
    let (body, was_cut) = tokens::cut(&body, limit.map(|limit| limit / 3 * 2));
    format!("{}\n\n{body}{}", answer.trim_end(), if was_cut { "…" } else { "" })
}

/// As many paragraphs as the length that was asked for has, within bounds: long texts take other ways through a product than short ones.
fn paragraphs(prompt: &Prompt) -> String {
    let is_plan = prompt.step.as_ref().is_some_and(|step| PLANS.iter().any(|plan| step.starts_with(plan)));
    let length = prompt.tag(LENGTH).filter(|_| !is_plan).and_then(|length| length.split_once(' '));
    let Some((Ok(number), unit)) = length.map(|(number, unit)| (number.parse::<usize>(), unit)) else {
        return String::new();
    };
    let words = match unit.get(..6) {
        Some("стр") => number.saturating_mul(250),
        Some("зна") => number / 7,
        _ => number,
    };
    let count = words.div_ceil(PARAGRAPH.0).min(PARAGRAPH.1);
    let subject = prompt.tags.first().map(|(_, content)| shortened(content)).unwrap_or_default();
    let paragraph = |number| {
        format!(
            "\n\nАбзац {number} из {count}. Здесь настоящая модель развивала бы тему «{subject}»: назвала бы одну мысль, пояснила её, привела пример и \
             связала со сказанным выше. Песочница этого не умеет и не притворяется: она занимает столько места, сколько занял бы готовый текст, \
             чтобы было видно, как продукт обходится с длинными ответами."
        )
    };
    (1..=count).map(paragraph).collect()
}

fn of_chat(prompt: &Prompt) -> String {
    let Prompt { question, returned, .. } = prompt;
    let lower = question.to_lowercase();
    let is_russian = question.is_empty() || question.chars().any(is_cyrillic);
    if let Some((order, text)) = question.split_once(':')
        && order.len() < 100
        && ["исправ", "correct"].iter().any(|word| lower.starts_with(word))
    {
        return spelling::correct(text.trim());
    }
    let results = returned.iter().fold(String::new(), |list, result| list + "\n- " + &shortened(result));
    let quoted = shortened(question);
    match (is_russian, returned.is_empty()) {
        (true, true) => format!(
            "Привет! Это песочница локального стека: за ней нет языковой модели, но протокол настоящий. Вы написали: «{quoted}»."
        ),
        (true, false) => format!("Это песочница локального стека. Вот что вернули функции:{results}"),
        (false, true) => format!(
            "Hello! This is the sandbox of a local stack: there is no language model behind it, but the protocol is real. You wrote: “{quoted}”."
        ),
        (false, false) => format!("This is the sandbox of a local stack. The functions returned:{results}"),
    }
}

/// The beginning of a text in one line.
pub(super) fn shortened(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut line = words.by_ref().take(QUOTED_WORDS).collect::<Vec<_>>().join(" ");
    if words.next().is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::{Message, Role};
    use super::*;

    fn ask(system: &str, user: &str, limit: Option<u32>) -> String {
        let message = |role, text: &str| Message { role, text: text.to_owned() };
        compose(&Prompt::read(&[message(Role::System, system), message(Role::User, user)]), limit)
    }

    #[test]
    fn a_chat_is_quoted_in_its_language() {
        assert!(ask("", "Hello", None).contains("You wrote: “Hello”"));
        assert!(ask("", "Привет!", None).contains("Вы написали: «Привет!»"));
        assert_eq!(ask("", "Исправь ошибки: превет мир", None), "привет мир");
        assert!(!ask("", "", None).is_empty());
    }

    #[test]
    fn spelling_is_corrected() {
        let user = "Исправь ошибки.\n\n<текст>\nПревет мир\n</текст>";
        assert_eq!(ask("Инструмент: spell_check. Ты — корректор.", user, None), "Привет мир");
    }

    #[test]
    fn a_tool_without_a_text_names_itself_and_its_input() {
        let user = "Шаг: План.\nСоставь план.\n<тема>Море</тема>\n<черновик>\nРаз, два\n</черновик>";
        let text = ask("Инструмент: essay. Ты автор.", user, Some(4500));
        assert!(text.starts_with("Ответ песочницы вместо модели: инструмент essay, шаг «План»."), "{text}");
        assert!(text.contains("\n- тема: Море\n- черновик: 8 знаков\n\nНастоящая модель"), "{text}");
        assert!(text.contains("OpenAiBaseUrl=http://localhost:11434/v1") && text.len() < 4096, "{}", text.len());
    }

    #[test]
    fn a_text_is_about_as_long_as_asked_within_bounds() {
        let words = |user: &str| ask("Инструмент: report. Ты автор.", user, None).split_whitespace().count();
        let short = words("<тема>Море</тема>\n<объем>абзац</объем>");
        let asked =
            |step: &str, length: &str| words(&format!("Шаг: {step}.\n<тема>Море</тема>\n<объем>{length}</объем>"));
        assert!((250..350).contains(&(asked("Черновик", "300 слов") - short)));
        assert!((350..450).contains(&(asked("Черновик", "5 страниц на весь реферат") - short)));
        assert!((250..350).contains(&(asked("Черновик", "2000 знаков") - short)));
        assert!(asked("План", "300 слов") - short < 50);
    }

    #[test]
    fn a_text_to_work_on_comes_back_as_far_as_the_limit_allows() {
        let text = "Осенью в городе тихо. ".repeat(200);
        let user = format!("Перескажи.\n<стиль>деловой</стиль>\n<текст>\n{text}\n</текст>");
        let whole = ask("Инструмент: paraphrase. Ты рерайтер.", &user, None);
        assert!(whole.ends_with(&format!("- стиль: деловой\n\n{}", text.trim())), "{whole}");
        let short = ask("Инструмент: paraphrase. Ты рерайтер.", &user, Some(600));
        assert!(short.ends_with('…') && (300..600).contains(&tokens::count(&short)), "{short}");
    }
}
