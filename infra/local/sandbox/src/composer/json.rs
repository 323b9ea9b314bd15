//! JSON values that are valid against a schema. Patterns are not followed.

use serde_json::{Map, Value, json};

/// How deep optional parts are filled in; deeper ones have only what is required.
const DEPTH: i32 = 6;
/// Items of a list that does not say how many it wants.
const ITEMS: u64 = 2;

/// A value for a schema. Its texts are the words, in turn.
pub(super) fn instance(schema: &Value, words: &[String]) -> Value {
    Filler { root: schema, words, used: 0 }.value(schema, DEPTH)
}

struct Filler<'a> {
    root: &'a Value,
    words: &'a [String],
    used: usize,
}

impl Filler<'_> {
    fn value(&mut self, schema: &Value, depth: i32) -> Value {
        // A schema that requires itself has no finite value.
        if depth < -DEPTH {
            return Value::Null;
        }
        let schema = &self.resolved(schema, depth);
        if let Some(fixed) = schema.get("const") {
            return fixed.clone();
        }
        if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|options| options.first()) {
            return first.clone();
        }
        match type_of(schema) {
            "object" => self.object(schema, depth - 1),
            "array" => self.array(schema, depth - 1),
            "string" => Value::String(self.text(schema)),
            "integer" => integer(schema),
            "number" => number(schema),
            "boolean" => Value::Bool(true),
            _ => Value::Null,
        }
    }

    /// The schema with references followed, one alternative chosen, and all parts of `allOf` in one.
    fn resolved(&self, schema: &Value, depth: i32) -> Value {
        let Value::Object(own) = schema else { return Value::Null };
        let mut own = own.clone();
        let mut parts: Vec<Value> = Vec::new();
        if let Some(Value::String(path)) = own.remove("$ref") {
            parts.extend(path.strip_prefix('#').and_then(|path| self.root.pointer(path)).cloned());
        }
        if let Some(Value::Array(all)) = own.remove("allOf") {
            parts.extend(all);
        }
        for key in ["anyOf", "oneOf"] {
            let Some(Value::Array(mut options)) = own.remove(key) else { continue };
            // Null ends a recursion; otherwise something is better than nothing.
            options.sort_by_key(|option| (option["type"] == "null") == (depth > 0));
            parts.extend(options.into_iter().next());
        }
        if parts.is_empty() {
            return Value::Object(own);
        }
        for part in parts {
            if depth >= -DEPTH
                && let Value::Object(part) = self.resolved(&part, depth - 1)
            {
                merge(&mut own, part);
            }
        }
        Value::Object(own)
    }

    fn object(&mut self, schema: &Value, depth: i32) -> Value {
        let required = |name: &str| {
            schema["required"].as_array().is_some_and(|names| names.iter().any(|required| *required == name))
        };
        let properties = schema["properties"].as_object().into_iter().flatten();
        let wanted = properties.filter(|(name, _)| depth > 0 || required(name));
        Value::Object(wanted.map(|(name, schema)| (name.clone(), self.value(schema, depth))).collect())
    }

    fn array(&mut self, schema: &Value, depth: i32) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let usual = if depth > 0 && schema["uniqueItems"] != true { ITEMS } else { least };
        let count = usual.max(least).min(schema["maxItems"].as_u64().unwrap_or(u64::MAX));
        let first = schema["prefixItems"].as_array().cloned().unwrap_or_default();
        let count = usize::try_from(count).unwrap_or_default().max(first.len());
        let items = first.into_iter().chain(std::iter::repeat(schema["items"].clone())).take(count);
        Value::Array(items.map(|item| self.value(&item, depth)).collect())
    }

    fn text(&mut self, schema: &Value) -> String {
        if let Some(sample) = schema["format"].as_str().and_then(sample) {
            return sample.to_owned();
        }
        let word = self.words.get(self.used % self.words.len().max(1)).cloned().unwrap_or_default();
        self.used += 1;
        let word = if self.used > self.words.len() { format!("{word} {}", self.used) } else { word };
        let bound = |key: &str| schema[key].as_u64().and_then(|bound| usize::try_from(bound).ok());
        let missing = bound("minLength").unwrap_or(0).saturating_sub(word.chars().count());
        let padded = word.chars().chain(std::iter::repeat_n('…', missing));
        padded.take(bound("maxLength").unwrap_or(usize::MAX)).collect()
    }
}

fn merge(own: &mut Map<String, Value>, part: Map<String, Value>) {
    for (key, value) in part {
        match (own.get_mut(&key), value) {
            (Some(Value::Object(properties)), Value::Object(more)) if key == "properties" => properties.extend(more),
            (Some(Value::Array(names)), Value::Array(more)) if key == "required" => names.extend(more),
            (Some(_), _) => {}
            (None, value) => drop(own.insert(key, value)),
        }
    }
}

fn type_of(schema: &Value) -> &str {
    let named = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        other => other.as_str(),
    };
    let implied = ["properties", "items"].into_iter().find(|key| schema.get(*key).is_some());
    named.unwrap_or(match implied {
        Some("properties") => "object",
        Some(_) => "array",
        None => "string",
    })
}

fn integer(schema: &Value) -> Value {
    let bound = |key: &str| schema[key].as_i64();
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|bound| bound.saturating_add(1)));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|bound| bound.saturating_sub(1)));
    let step = bound("multipleOf").filter(|step| *step > 0).unwrap_or(1);
    let wanted = least.unwrap_or(1.min(most.unwrap_or(1)));
    let up = wanted.saturating_add((step - wanted.rem_euclid(step)).rem_euclid(step));
    json!(if most.is_some_and(|most| up > most) { up.saturating_sub(step) } else { up })
}

fn number(schema: &Value) -> Value {
    let bound = |key: &str| schema[key].as_f64();
    let least = bound("minimum").or(bound("exclusiveMinimum"));
    let most = bound("maximum").or(bound("exclusiveMaximum"));
    let value = match (least, most) {
        (Some(least), Some(most)) => f64::midpoint(least, most),
        (Some(least), None) => least + 1.0,
        (None, Some(most)) => most - 1.0,
        (None, None) => 1.0,
    };
    json!(bound("multipleOf").map_or(value, |step| (value / step).round() * step))
}

/// A text of a known format.
fn sample(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => "2025-01-31",
        "time" => "12:00:00Z",
        "date-time" => "2025-01-31T12:00:00Z",
        "email" => "sandbox@example.com",
        "uri" => "https://example.com/sandbox",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(schema: &Value) -> Value {
        let value = instance(schema, &["Париж".to_owned(), "Рим".to_owned()]);
        let validator = jsonschema::options().should_validate_formats(true).build(schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {value}");
        value
    }

    #[test]
    fn values_are_valid_against_their_schemas() {
        for schema in [
            json!({ "type": "string", "minLength": 10 }),
            json!({ "type": "string", "maxLength": 2 }),
            json!({ "type": ["null", "integer"], "minimum": 7 }),
            json!({ "type": "integer", "maximum": -3 }),
            json!({ "type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 5 }),
            json!({ "type": "integer", "exclusiveMinimum": 4, "exclusiveMaximum": 6 }),
            json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 1 }),
            json!({ "type": "number", "minimum": 3, "multipleOf": 0.5 }),
            json!({ "type": "array", "items": { "type": "string" }, "minItems": 5, "uniqueItems": true }),
            json!({ "type": "array", "items": { "type": "boolean" }, "maxItems": 1 }),
            json!({ "prefixItems": [{ "type": "integer" }, { "const": "x" }], "type": "array" }),
            json!({ "enum": [3, "x"] }),
            json!({ "oneOf": [{ "type": "null" }, { "type": "string", "format": "date-time" }] }),
            json!({ "type": "string", "format": "email" }),
            json!({ "allOf": [
                { "properties": { "a": { "type": "integer" } }, "required": ["a"] },
                { "properties": { "b": { "type": "string", "format": "uuid" } }, "required": ["b"] },
            ] }),
        ] {
            valid(&schema);
        }
    }

    #[test]
    fn a_nested_schema_is_followed_and_filled_with_the_words() {
        let value = valid(&json!({
            "type": "object", "required": ["title", "tasks", "next"], "additionalProperties": false,
            "properties": {
                "title": { "type": "string", "maxLength": 40 },
                "level": { "enum": ["easy", "hard"] },
                "tasks": { "type": "array", "minItems": 4, "items": { "$ref": "#/$defs/task" } },
                "next": { "anyOf": [{ "$ref": "#" }, { "type": "null" }] }
            },
            "$defs": { "task": {
                "type": "object", "required": ["text", "points"],
                "properties": { "text": { "type": "string" }, "points": { "type": "integer", "minimum": 1, "maximum": 5 } }
            } }
        }));
        assert_eq!((&value["title"], &value["tasks"][0]["text"]), (&json!("Париж"), &json!("Рим")));
        assert_eq!((value["tasks"].as_array().unwrap().len(), &value["level"]), (4, &json!("easy")));
    }

    #[test]
    fn a_schema_without_a_finite_value_is_given_up() {
        let endless = json!({ "type": "object", "required": ["next"], "properties": { "next": { "$ref": "#" } } });
        assert!(instance(&endless, &[]).is_object());
        assert!(instance(&json!({ "$ref": "#" }), &[]).is_string());
    }
}
