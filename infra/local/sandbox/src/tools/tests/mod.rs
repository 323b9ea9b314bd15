//! Every tool of the product's catalogue, in every mode, step by step.

use std::collections::HashSet;
use std::path::Path;

use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Map, Value};

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
    let defaults = properties.iter().filter_map(|(name, field)| Some((name.clone(), field.get("default")?.clone()))).collect();
    let quick = entry.get("quick").map(|quick| vec![text(&quick["prompt"])]);
    let steps = entry.get("steps").and_then(toml::Value::as_array);
    let steps = steps.map(|steps| steps.iter().map(|step| text(&step["prompt"])).collect());
    Tool { id: text(&entry["id"]), system: text(&entry["system"]), defaults, runs: quick.into_iter().chain(steps).collect() }
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
        let messages = [Message { role: Role::System, text: tool.system.clone() }, Message { role: Role::User, text: user }];
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

#[test]
fn dump() {
    std::fs::create_dir_all("/tmp/sb/out").unwrap();
    for tool in catalogue() {
        let mut out = String::new();
        for input in samples(&tool.id) {
            for prompts in &tool.runs {
                for (n, text) in run(&tool, prompts, &input).iter().enumerate() {
                    out.push_str(&format!("======== {} step {n} of {} words {} chars {}\n{text}\n\n", tool.id, prompts.len(), text.split_whitespace().count(), text.chars().count()));
                }
            }
        }
        std::fs::write(format!("/tmp/sb/out/{}.txt", tool.id), out).unwrap();
    }
}
