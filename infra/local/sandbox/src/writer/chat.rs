//! A plain conversation: a short honest answer that takes up what was said.

use super::{Prompt, Seed};
use crate::text::{Lang, case, language};
use crate::{extract, spelling, translate};

/// The answer to a prompt that names no tool.
pub(super) fn reply(prompt: &Prompt, variant: u32) -> String {
    let said = if prompt.question.is_empty() { prompt.instructions.trim() } else { prompt.question.as_str() };
    let lang = language(said);
    let mut seed = Seed::of([said, &variant.to_string()]);
    if !prompt.returned.is_empty() {
        return reported(lang, &prompt.returned);
    }
    let lower = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let material = said.split_once(':').map(|(_, rest)| rest.trim()).filter(|rest| !rest.is_empty());
    match material {
        Some(text) if has(&["исправь", "ошибк", "орфограф", "spelling", "correct", "proofread"]) => {
            return spelling::correct(text).text;
        }
        Some(text) if has(&["переведи", "перевод", "translate"]) => {
            let target = if language(text) == Lang::Ru { Lang::En } else { Lang::Ru };
            return translate::translate(text, target).noted(target);
        }
        Some(text) if has(&["кратко", "перескажи", "суть", "резюмируй", "summar", "tl;dr"]) =>
        {
            return extract::summary(text, 3).join(" ");
        }
        _ => {}
    }
    let quoted = shortened(said);
    let first = lower.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
    match (lang, first) {
        (Lang::Ru, "привет" | "здравствуйте" | "здравствуй" | "добрый" | "доброе") =>
        {
            format!(
                "{} Это песочница локального стека: за ней нет языковой модели, но протокол настоящий. Вы написали: «{quoted}».",
                pick(&mut seed, &["Здравствуйте!", "Привет!", "Добрый день!"])
            )
        }
        (Lang::En, "hello" | "hi" | "hey" | "good") => {
            format!(
                "{} This is the sandbox of a local stack: there is no language model behind it, but the protocol is real. You wrote: “{quoted}”.",
                pick(&mut seed, &["Hello!", "Hi there!", "Hello and welcome!"])
            )
        }
        (Lang::Ru, "спасибо" | "благодарю") => {
            format!("{} Песочница к вашим услугам.", pick(&mut seed, &["Пожалуйста!", "Рад помочь!", "Обращайтесь!"]))
        }
        (Lang::En, "thanks" | "thank") => format!(
            "{} The sandbox is at your service.",
            pick(&mut seed, &["You are welcome!", "Any time!", "Glad to help!"])
        ),
        (Lang::Ru, _) => russian(said, &quoted, &mut seed),
        (Lang::En, _) => english(said, &quoted, &mut seed),
    }
}

/// An answer with what functions returned.
fn reported(lang: Lang, returned: &[String]) -> String {
    let list = returned.iter().map(|result| format!("- {}", shortened(result))).collect::<Vec<_>>().join("\n");
    match lang {
        Lang::Ru => format!("Вот что вернули функции:\n{list}\n\nЭто ответ песочницы: выводов она не делает."),
        Lang::En => format!(
            "This is what the functions returned:\n{list}\n\nThis is the sandbox speaking: it draws no conclusions."
        ),
    }
}

fn russian(said: &str, quoted: &str, seed: &mut Seed) -> String {
    let words = extract::keywords(said, 4);
    let opening = pick(seed, &["Коротко по вашему сообщению", "Вот что можно сказать", "По порядку", "Разберём"]);
    let points: Vec<String> = words
        .iter()
        .map(|word| {
            let point = pick(
                seed,
                &[
                    "определить, что именно важно",
                    "собрать, что уже известно",
                    "сравнить варианты",
                    "проверить на небольшом примере",
                    "назвать срок и результат",
                ],
            );
            format!("- {}: {point}", case::capitalise(word))
        })
        .collect();
    let list = if points.is_empty() { String::new() } else { format!("\n\n{}", points.join("\n")) };
    format!(
        "{opening}: «{quoted}».{list}\n\nЭто ответ песочницы: по существу ответит настоящая модель, когда её подключат."
    )
}

fn english(said: &str, quoted: &str, seed: &mut Seed) -> String {
    let words = extract::keywords(said, 4);
    let opening = pick(seed, &["In short", "Here is a way to look at it", "Step by step", "Let us take it apart"]);
    let points: Vec<String> = words
        .iter()
        .map(|word| {
            let point = pick(
                seed,
                &[
                    "decide what matters about it",
                    "collect what is already known",
                    "compare the options",
                    "try it on a small example",
                    "name a date and a result",
                ],
            );
            format!("- {}: {point}", case::capitalise(word))
        })
        .collect();
    let list = if points.is_empty() { String::new() } else { format!("\n\n{}", points.join("\n")) };
    format!(
        "{opening}: “{quoted}”.{list}\n\nThis is the sandbox speaking: a real model will answer to the point once it is connected."
    )
}

fn pick<'a>(seed: &mut Seed, items: &[&'a str]) -> &'a str {
    seed.pick(items).unwrap_or_default()
}

/// The beginning of a long message, without line breaks.
fn shortened(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() <= 20 {
        words.join(" ")
    } else {
        format!("{}…", words.into_iter().take(20).collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Message, Role, answer};

    fn ask(text: &str) -> String {
        answer(&[Message { role: Role::User, text: text.to_owned() }], &Format::Text, 0)
    }

    #[test]
    fn a_greeting_is_returned_in_its_language() {
        assert!(ask("Hello").contains("You wrote: “Hello”"));
        assert!(ask("Привет!").contains("Вы написали: «Привет!»"));
    }

    #[test]
    fn simple_wishes_are_fulfilled() {
        assert_eq!(ask("Исправь ошибки: превет мир"), "привет мир");
        assert!(ask("Translate to Russian: hello world").starts_with("привет мир"));
    }

    #[test]
    fn answers_take_up_the_question_and_say_what_they_are() {
        let reply = ask("Как выбрать велосипед для города?");
        assert!(reply.contains("Велосипед") && reply.contains("песочниц"), "{reply}");
        assert_ne!(reply, ask("Как выбрать палатку?"));
        assert!(!ask("").is_empty());
    }
}
