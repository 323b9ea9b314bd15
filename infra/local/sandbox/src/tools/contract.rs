//! A first look at a contract: what its clauses speak of, which of them are risky, what is missing.

use std::sync::LazyLock;

use super::Task;
use super::stage::Stage;
use crate::text::case;
use crate::text::put::put;
use crate::text::sentences::{blocks, sentences};

struct Rule {
    level: &'static str,
    /// All groups must occur; of a group, any word.
    words: Vec<Vec<&'static str>>,
    threat: &'static str,
    edit: &'static str,
}

static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| rows(include_str!("../../data/contract/risks.txt")).filter_map(rule).collect());

fn rows(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('|').map(str::trim).collect())
}

fn rule(row: Vec<&'static str>) -> Option<Rule> {
    let [level, words, threat, edit] = row.try_into().ok()?;
    Some(Rule { level, words: words.split(" + ").map(|group| group.split('/').collect()).collect(), threat, edit })
}

struct Clause<'a> {
    number: String,
    text: &'a str,
}

struct Risk<'a> {
    clause: &'a Clause<'a>,
    rule: &'static Rule,
}

pub(super) fn review(task: &Task<'_>) -> String {
    let clauses = clauses(task.get("text"));
    let risks = risks(&clauses);
    let missing = missing(task.get("text"));
    match (task.stage, task.step.to_lowercase().as_str()) {
        (Stage::Notes(_), "риски") => {
            task.notes(&format!("{}\n{}", map(&clauses, &missing), list(&risks, task.get("questions"))))
        }
        (Stage::Notes(_), "правки") => {
            task.notes(&format!("{}\n{}", list(&risks, task.get("questions")), edits(&risks)))
        }
        (Stage::Notes(_), _) => task.notes(&map(&clauses, &missing)),
        _ => conclusion(task, &clauses, &risks, &missing),
    }
}

/// The clauses of a contract, by their own numbers; paragraphs without one are counted.
fn clauses(text: &str) -> Vec<Clause<'_>> {
    let mut clauses = Vec::new();
    for (place, block) in blocks(text).into_iter().enumerate() {
        let digits = block.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(0);
        let (number, rest) = block.split_at_checked(digits).unwrap_or(("", block));
        let number = number.trim_end_matches('.');
        if number.is_empty() || !rest.starts_with(' ') {
            clauses.push(Clause { number: format!("абзац {}", place + 1), text: block });
        } else {
            clauses.push(Clause { number: format!("п. {number}"), text: rest.trim() });
        }
    }
    clauses
}

fn risks<'a>(clauses: &'a [Clause<'a>]) -> Vec<Risk<'a>> {
    let mut risks = Vec::new();
    for clause in clauses {
        let lower = clause.text.to_lowercase();
        let fits = |rule: &&Rule| rule.words.iter().all(|group| group.iter().any(|word| lower.contains(word)));
        risks.extend(RULES.iter().find(fits).map(|rule| Risk { clause, rule }));
    }
    risks.sort_by_key(|risk| ["высокий", "средний", "низкий"].iter().position(|level| *level == risk.rule.level));
    risks.truncate(15);
    risks
}

fn missing(text: &str) -> Vec<&'static str> {
    let lower = text.to_lowercase();
    let absent = |row: &Vec<&str>| row.get(1).is_some_and(|words| !words.split(' ').any(|word| lower.contains(word)));
    rows(include_str!("../../data/contract/topics.txt")).filter(absent).filter_map(|row| row.first().copied()).collect()
}

fn map(clauses: &[Clause<'_>], missing: &[&str]) -> String {
    let mut notes = "Разделы\n".to_owned();
    for row in rows(include_str!("../../data/contract/topics.txt")) {
        let [topic, words] = row.as_slice() else { continue };
        let about =
            clauses.iter().find(|clause| words.split(' ').any(|word| clause.text.to_lowercase().contains(word)));
        if let Some(clause) = about {
            put(&mut notes, format_args!("— {topic}: {}, «{}»\n", clause.number, short(clause.text)));
        }
    }
    put(
        &mut notes,
        format_args!(
            "Нет в тексте: {}\n",
            if missing.is_empty() { "всё обычное есть".to_owned() } else { missing.join(", ") }
        ),
    );
    notes
}

fn list(risks: &[Risk<'_>], questions: &str) -> String {
    let mut notes = "Риски\n".to_owned();
    for Risk { clause, rule } in risks {
        put(
            &mut notes,
            format_args!("— {}: «{}» — {} — {}\n", clause.number, short(clause.text), rule.threat, rule.level),
        );
    }
    if !questions.is_empty() {
        put(&mut notes, format_args!("Вопросы клиента: {questions}\n"));
    }
    notes
}

fn edits(risks: &[Risk<'_>]) -> String {
    let serious = risks.iter().filter(|risk| risk.rule.level != "низкий");
    let lines: Vec<String> = serious
        .map(|risk| {
            format!(
                "— {}: {}. Запасной вариант: исключить пункт и применять правила закона",
                risk.clause.number,
                case::capitalise(risk.rule.edit)
            )
        })
        .collect();
    format!("Правки\n{}\n", lines.join("\n"))
}

/// The beginning of a clause, as a quotation.
fn short(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() <= 12 {
        return words.join(" ").trim_end_matches('.').to_owned();
    }
    format!("{}…", words.into_iter().take(12).collect::<Vec<_>>().join(" ").trim_end_matches([',', ';', '.']))
}

fn conclusion(task: &Task<'_>, clauses: &[Clause<'_>], risks: &[Risk<'_>], missing: &[&str]) -> String {
    let high = risks.iter().filter(|risk| risk.rule.level == "высокий").count();
    let verdict = match (high, risks.len()) {
        (0, 0) => "Явных рисков не найдено: подписывать можно после проверки реквизитов и приложений.",
        (0, _) => "Подписывать можно, если согласовать правки ниже.",
        _ => "В таком виде подписывать не стоит: сначала нужны правки.",
    };
    let reasons: Vec<String> = risks
        .iter()
        .take(3)
        .map(|risk| format!("- {} ({})", case::capitalise(risk.rule.threat), risk.clause.number))
        .collect();
    let about: Vec<&str> = clauses
        .iter()
        .flat_map(|clause| sentences(clause.text))
        .filter(|sentence| sentence.split_whitespace().count() > 4)
        .take(2)
        .collect();
    let mut out =
        format!("## Коротко\n\nСторона клиента: {}. {verdict}\n\n", or(task.get("side"), "[уточнить: сторона]"));
    if !reasons.is_empty() {
        put(&mut out, format_args!("{}\n\n", reasons.join("\n")));
    }
    put(&mut out, format_args!("## О чём договор\n\n{}\n\n## Риски\n\n", about.join(" ")));
    if risks.is_empty() {
        out.push_str("Обычные условия, опасных формулировок не найдено.\n\n");
    } else {
        out.push_str("| Пункт | В чём риск | Уровень |\n|---|---|---|\n");
        for Risk { clause, rule } in risks {
            put(
                &mut out,
                format_args!(
                    "| {} | «{}»: {} | {} |\n",
                    clause.number,
                    short(clause.text).replace('|', "/"),
                    rule.threat,
                    rule.level
                ),
            );
        }
        out.push_str("\n## Какие правки предложить\n\n");
        for Risk { clause, rule } in risks {
            put(&mut out, format_args!("- {}: {}.\n", case::capitalise(&clause.number), rule.edit));
        }
        out.push('\n');
    }
    if !missing.is_empty() {
        put(
            &mut out,
            format_args!(
                "## Чего не хватает\n\n- {}\n\n",
                missing.iter().map(|topic| case::capitalise(topic)).collect::<Vec<_>>().join("\n- ")
            ),
        );
    }
    out.push_str("## Что уточнить до подписания\n\n- Полномочия того, кто подписывает\n- Есть ли все приложения, на которые ссылается договор\n- Действующая редакция закона на дату подписания\n\n");
    if !task.get("questions").is_empty() {
        out.push_str("## Ответы на вопросы\n\n");
        for question in sentences(task.get("questions")) {
            put(&mut out, format_args!("- {question} {}\n", answer(question, risks)));
        }
        out.push('\n');
    }
    out.push_str("Это предварительный разбор, он не заменяет консультацию юриста");
    out
}

/// The clause that speaks of what a question asks.
fn answer(question: &str, risks: &[Risk<'_>]) -> String {
    let words = crate::extract::keywords(question, 4);
    let stems: Vec<String> = words.iter().map(|word| crate::text::stem::stem(word)).collect();
    let about =
        risks.iter().find(|risk| stems.iter().any(|stem| risk.clause.text.to_lowercase().contains(stem.as_str())));
    match about {
        Some(risk) => {
            format!("Смотрите {}: {}; стоит предложить: {}.", risk.clause.number, risk.rule.threat, risk.rule.edit)
        }
        None => "В тексте договора прямого ответа нет: [уточнить у другой стороны].".to_owned(),
    }
}

fn or<'a>(text: &'a str, fallback: &'a str) -> &'a str {
    if text.is_empty() { fallback } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "1.1. Исполнитель обязуется оказать услуги по ремонту.\n2.1. Заказчик вносит предоплату 100 % стоимости.\n\
                        3.2. Договор продлевается автоматически на тот же срок.\n4. Споры решает суд по месту нахождения исполнителя.";

    #[test]
    fn clauses_keep_their_numbers_and_risks_come_worst_first() {
        let clauses = clauses(TEXT);
        let found: Vec<(&str, &str)> =
            risks(&clauses).iter().map(|risk| (risk.clause.number.as_str(), risk.rule.level)).collect();
        assert_eq!(found, [("п. 2.1", "высокий"), ("п. 3.2", "высокий"), ("п. 4", "средний")]);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert!(missing(TEXT).contains(&"конфиденциальность"));
        assert!(!missing(TEXT).contains(&"цена и порядок оплаты"));
    }

    #[test]
    fn every_rule_is_whole() {
        assert!(RULES.len() > 10);
        assert!(RULES.iter().all(|rule| !rule.threat.is_empty() && !rule.edit.is_empty()));
    }
}
