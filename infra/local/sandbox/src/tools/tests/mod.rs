//! Every tool of the product's catalogue, in every mode, step by step.

use std::collections::HashSet;
use std::path::Path;

use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, Value};

use crate::extract::keywords;
use crate::text::stem::stem;
use crate::writer::{Format, Message, Role, answer};

/// A tool as the catalogue describes it.
struct Tool {
    id: String,
    system: String,
    defaults: Map<String, Value>,
    /// Prompt templates, by mode.
    runs: Vec<Vec<String>>,
}

fn catalogue() -> Vec<Tool> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/domain/src/easy_writer/catalogue.toml");
    let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let tabs = file["tabs"].as_array().unwrap();
    tabs.iter().flat_map(|tab| tab["tools"].as_array().unwrap()).map(tool).collect()
}

fn tool(entry: &toml::Value) -> Tool {
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let schema: Value = serde_json::from_str(entry["input_schema"].as_str().unwrap()).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let defaults =
        properties.iter().filter_map(|(name, field)| Some((name.clone(), field.get("default")?.clone()))).collect();
    let quick = entry.get("quick").map(|quick| vec![text(&quick["prompt"])]);
    let steps = entry.get("steps").and_then(toml::Value::as_array);
    let steps = steps.map(|steps| steps.iter().map(|step| text(&step["prompt"])).collect());
    Tool {
        id: text(&entry["id"]),
        system: text(&entry["system"]),
        defaults,
        runs: quick.into_iter().chain(steps).collect(),
    }
}

/// Two inputs for a tool.
fn samples(tool: &str) -> [Map<String, Value>; 2] {
    let all: Map<String, Value> = serde_json::from_str(include_str!("samples.json")).unwrap();
    let list = all.get(tool).unwrap_or_else(|| panic!("no samples for {tool}")).as_array().unwrap();
    [0, 1].map(|at| list[at].as_object().unwrap().clone())
}

/// Runs all steps; gives what each of them answered.
fn run(tool: &Tool, prompts: &[String], input: &Map<String, Value>) -> Vec<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut values = tool.defaults.clone();
    values.extend(input.clone());
    let mut answers: Vec<String> = Vec::new();
    for prompt in prompts {
        if let Some(last) = answers.last() {
            values.insert("previous".to_owned(), last.clone().into());
        }
        let user = environment.render_str(prompt, &values).unwrap();
        let messages =
            [Message { role: Role::System, text: tool.system.clone() }, Message { role: Role::User, text: user }];
        answers.push(answer(&messages, &Format::Text, 0));
    }
    answers
}

fn every_run(mut check: impl FnMut(&Tool, &Map<String, Value>, &[String])) {
    for tool in catalogue() {
        for input in samples(&tool.id) {
            for prompts in &tool.runs {
                check(&tool, &input, &run(&tool, prompts, &input));
            }
        }
    }
}

/// The words of an input that carry meaning, by their stems.
fn stems(input: &Map<String, Value>) -> HashSet<String> {
    let text = input
        .values()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect::<Vec<_>>()
        .join(". ");
    keywords(&text, 100).iter().map(|word| stem(word)).collect()
}

#[test]
fn every_step_answers_and_takes_up_what_it_was_given() {
    every_run(|tool, input, answers| {
        for (step, text) in answers.iter().enumerate() {
            assert!(text.chars().filter(|c| c.is_alphabetic()).count() > 15, "{} step {step}: {text}", tool.id);
        }
        let last = answers.last().unwrap();
        let said: HashSet<String> = keywords(last, 2000).iter().map(|word| stem(word)).collect();
        // A translation shares no words with its original.
        assert!(
            tool.id == "translate" || stems(input).intersection(&said).count() >= 1,
            "{} does not reflect its input: {last}",
            tool.id
        );
    });
}

#[test]
fn finished_texts_are_clean() {
    every_run(|tool, input, answers| {
        let last = answers.last().unwrap();
        assert!(!last.starts_with("Дано"), "{} ends with notes: {last}", tool.id);
        for sign in ["{{", "{%", "None", "undefined", "none.", "..", " ,", "??", "\n\n\n", "  "] {
            let given = input.values().any(|value| value.to_string().contains(sign));
            assert!(given || !last.contains(sign), "{} has {sign:?}: {last}", tool.id);
        }
        assert_eq!(
            last.matches('«').count(),
            last.matches('»').count(),
            "{} has unpaired quotation marks: {last}",
            tool.id
        );
    });
}

#[test]
fn steps_before_the_result_hand_on_what_later_steps_are_not_given() {
    every_run(|tool, input, answers| {
        for notes in answers.iter().filter(|text| text.starts_with("Дано\n")) {
            let handed = notes.split_once("\n\n").unwrap().0;
            let main = input.values().find_map(Value::as_str).unwrap();
            assert!(handed.lines().count() >= 1, "{}: {notes}", tool.id);
            assert!(main.lines().all(|_| handed.contains(':')), "{}", tool.id);
        }
    });
}

#[test]
fn answers_are_repeatable_and_depend_on_the_input() {
    for tool in catalogue() {
        let [first, second] = samples(&tool.id);
        for prompts in &tool.runs {
            let answers = run(&tool, prompts, &first);
            assert_eq!(answers, run(&tool, prompts, &first), "{}", tool.id);
            assert_ne!(answers.last(), run(&tool, prompts, &second).last(), "{}", tool.id);
        }
    }
}

#[test]
fn every_tool_has_a_technique_of_its_own() {
    for tool in catalogue() {
        for input in samples(&tool.id) {
            for prompts in &tool.runs {
                let last = run(&tool, prompts, &input).pop().unwrap();
                assert!(
                    !["Начнём с главного", "Сначала о сути", "Вот с чего стоит начать"]
                        .iter()
                        .any(|mark| last.contains(mark)),
                    "{} fell back: {last}",
                    tool.id
                );
            }
        }
    }
}

#[test]
fn a_tool_that_nobody_knows_gets_a_plain_answer() {
    let messages = [
        Message { role: Role::System, text: "Инструмент: brand_new. Ты — помощник.".to_owned() },
        Message {
            role: Role::User, text: "Сделай.\n\n<тема>Городские пруды</тема>".to_owned()
        },
    ];
    assert!(answer(&messages, &Format::Text, 0).contains("ородские пруды"));
}
