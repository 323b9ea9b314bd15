//! Answers in JSON: what a schema asks for, filled from the text that would have been the answer.

use serde_json::{Map, Value, json};

use super::{Prompt, Seed, functions};
use crate::text::sentences::{sentences, without_bullet};
use crate::{compose, extract};

/// How deep a schema is followed.
const DEPTH: usize = 12;
/// Items of a list that does not say how many it wants.
const ITEMS: usize = 3;

/// One JSON value as text.
pub(super) fn answer(schema: Option<&Value>, prompt: &Prompt, text: &str, variant: u32) -> String {
    let Some(schema) = schema else {
        return json!({ "text": text, "keywords": extract::keywords(text, 5), "sandbox": true }).to_string();
    };
    let facts = compose::Facts::of(prompt);
    let subject = if facts.subject().is_empty() { prompt.question.as_str() } else { facts.subject() };
    let mut filler = Filler {
        root: schema,
        subject: extract::keywords(subject, 3),
        thoughts: sentences(text).into_iter().map(|thought| without_bullet(thought).to_owned()).collect(),
        next: 0,
        seed: Seed::of([subject, &variant.to_string()]),
    };
    filler.value(schema, "", DEPTH).to_string()
}

/// The arguments of a function whose parameters have this schema.
pub(super) fn arguments(schema: &Value, prompt: &Prompt, variant: u32) -> String {
    let material = functions::material(&prompt.question);
    let mut filler = Filler {
        root: schema,
        subject: Vec::new(),
        thoughts: material,
        next: 0,
        seed: Seed::of([prompt.question.as_str(), &variant.to_string()]),
    };
    match filler.value(schema, "", DEPTH) {
        Value::Object(arguments) => Value::Object(arguments).to_string(),
        _ => "{}".to_owned(),
    }
}

struct Filler<'a> {
    root: &'a Value,
    subject: Vec<String>,
    thoughts: Vec<String>,
    next: usize,
    seed: Seed,
}

impl<'a> Filler<'a> {
    fn value(&mut self, schema: &'a Value, name: &str, depth: usize) -> Value {
        if depth == 0 {
            return Value::Null;
        }
        if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#')) {
            return self.root.pointer(target).map_or(Value::Null, |schema| self.value(schema, name, depth - 1));
        }
        if let Some(fixed) = schema.get("const") {
            return fixed.clone();
        }
        if let Some(options) = schema.get("enum").and_then(Value::as_array) {
            return options.get(self.seed.below(options.len())).cloned().unwrap_or_default();
        }
        let branches = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(*key)?.as_array()?.first());
        if let Some(first) = branches {
            return self.value(first, name, depth - 1);
        }
        match type_of(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, name, depth),
            "string" => Value::String(self.text(schema, name)),
            "integer" | "number" => self.number(schema),
            "boolean" => Value::Bool(self.seed.below(2) == 0),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &'a Value, depth: usize) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let fields =
            properties.into_iter().flatten().map(|(name, schema)| (name.clone(), self.value(schema, name, depth - 1)));
        Value::Object(fields.collect::<Map<_, _>>())
    }

    fn array(&mut self, schema: &'a Value, name: &str, depth: usize) -> Value {
        let bound = |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let count = ITEMS.max(bound("minItems").unwrap_or(0)).min(bound("maxItems").unwrap_or(usize::MAX));
        let Some(items) = schema.get("items") else { return Value::Array(Vec::new()) };
        Value::Array((0..count).map(|_| self.value(items, name, depth - 1)).collect())
    }

    fn number(&mut self, schema: &Value) -> Value {
        let min = schema.get("minimum").and_then(Value::as_i64).unwrap_or(1);
        let max = schema.get("maximum").and_then(Value::as_i64).unwrap_or(min.saturating_add(9));
        let span = usize::try_from(max.saturating_sub(min)).unwrap_or(0).min(9);
        Value::from(min.saturating_add(i64::try_from(self.seed.below(span + 1)).unwrap_or(0)))
    }

    /// Short fields get words of the subject, long ones the next thought.
    fn text(&mut self, schema: &Value, name: &str) -> String {
        let lower = name.to_lowercase();
        let is_short = ["title", "name", "topic", "heading", "subject", "label", "tag", "keyword", "id"]
            .iter()
            .any(|word| lower.contains(word));
        let thought = self.thoughts.get(self.next % self.thoughts.len().max(1)).cloned().unwrap_or_default();
        self.next += 1;
        let text = if (is_short && !self.subject.is_empty()) || thought.is_empty() {
            let word = self
                .subject
                .get(self.next % self.subject.len().max(1))
                .cloned()
                .unwrap_or_else(|| "песочница".to_owned());
            format!("{} {}", crate::text::case::capitalise(&word), self.next)
        } else {
            thought
        };
        match schema.get("maxLength").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok()) {
            Some(limit) => text.chars().take(limit).collect(),
            None => text,
        }
    }
}

fn type_of(schema: &Value) -> &str {
    let named = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        Some(other) => other.as_str(),
        None => None,
    };
    named.unwrap_or(if schema.get("properties").is_some() { "object" } else { "string" })
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Message, Role, answer};
    use serde_json::{Value, json};

    fn ask(schema: Option<Value>) -> Value {
        let messages = [Message {
            role: Role::User, text: "Составь задания про дроби для пятого класса".to_owned()
        }];
        serde_json::from_str(&answer(&messages, &Format::Json(schema), 0)).unwrap()
    }

    #[test]
    fn a_json_object_is_an_object() {
        assert_eq!(ask(None)["sandbox"], true);
    }

    #[test]
    fn a_schema_is_followed() {
        let value = ask(Some(json!({
            "type": "object", "required": ["title", "tasks"],
            "properties": {
                "title": { "type": "string", "maxLength": 40 },
                "level": { "enum": ["easy", "hard"] },
                "tasks": { "type": "array", "minItems": 4, "items": { "$ref": "#/$defs/task" } }
            },
            "$defs": { "task": { "type": "object", "properties": { "text": { "type": "string" }, "points": { "type": "integer", "minimum": 1, "maximum": 5 } } } }
        })));
        assert_eq!(value["tasks"].as_array().unwrap().len(), 4);
        assert!(value["tasks"][0]["text"].as_str().is_some_and(|text| !text.is_empty()));
        assert!((1..=5).contains(&value["tasks"][3]["points"].as_i64().unwrap()));
        assert!(["easy", "hard"].contains(&value["level"].as_str().unwrap()));
    }
}
