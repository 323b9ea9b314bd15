//! Validation of a tool's input against its schema, with messages for people.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::{Map, Value};

use crate::kernel::{Error, Result, Violation};

/// Most violations in one answer.
const MAX_VIOLATIONS: usize = 20;

/// Fills in the schema's defaults and checks the result. Violations name fields under `input`.
pub(super) fn validate(schema: &Value, input: Value) -> Result<Map<String, Value>> {
    let Value::Object(mut input) = input else {
        return Err(Error::invalid("input", "type", "Ожидается объект"));
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        if let Some(default) = property.get("default")
            && !input.contains_key(name)
        {
            input.insert(name.clone(), default.clone());
        }
    }
    let validator =
        jsonschema::validator_for(schema).map_err(|error| Error::internal("tool schema", error.to_string()))?;
    let value = Value::Object(input);
    let mut violations: Vec<_> =
        validator.iter_errors(&value).flat_map(|error| violations(&error)).take(MAX_VIOLATIONS).collect();
    let Value::Object(input) = value else {
        return Err(Error::invalid("input", "type", "Ожидается объект"));
    };
    if violations.is_empty() {
        violations = blank_strings(schema, &input);
    }
    if violations.is_empty() { Ok(input) } else { Err(Error::Invalid(violations)) }
}

/// Required texts that are only white space: no schema keyword says so readably.
fn blank_strings(schema: &Value, input: &Map<String, Value>) -> Vec<Violation> {
    let required = schema.get("required").and_then(Value::as_array);
    required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| input.get(*name).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()))
        .map(|name| violation(&format!("input.{name}"), "required", "Заполните поле".to_owned()))
        .collect()
}

fn violation(field: &str, code: &'static str, message: String) -> Violation {
    Violation { field: field.to_owned(), code, message }
}

fn violations(error: &ValidationError<'_>) -> Vec<Violation> {
    let path = format!("input{}", error.instance_path().to_string().replace('/', "."));
    let one = |code, message| vec![violation(&path, code, message)];
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![violation(&format!("{path}.{name}"), "required", "Заполните поле".to_owned())]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| violation(&format!("{path}.{name}"), "unknown", "Неизвестное поле".to_owned()))
            .collect(),
        ValidationErrorKind::MinLength { limit: 1 } => one("required", "Заполните поле".to_owned()),
        ValidationErrorKind::MinLength { limit } => one("too_short", format!("Минимальная длина: {limit}")),
        ValidationErrorKind::MaxLength { limit } => one("too_long", format!("Максимальная длина: {limit}")),
        ValidationErrorKind::MinItems { limit } => one("too_few", format!("Минимальное количество: {limit}")),
        ValidationErrorKind::MaxItems { limit } => one("too_many", format!("Максимальное количество: {limit}")),
        ValidationErrorKind::Minimum { limit } => one("too_small", format!("Минимальное значение: {limit}")),
        ValidationErrorKind::Maximum { limit } => one("too_large", format!("Максимальное значение: {limit}")),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<_> = options
                .as_array()
                .into_iter()
                .flatten()
                .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
                .collect();
            one("not_allowed", format!("Допустимые значения: {}", options.join(", ")))
        }
        ValidationErrorKind::Type { kind } => one("type", format!("Ожидается {}", type_name(kind))),
        ValidationErrorKind::UniqueItems => one("duplicate", "Значения не должны повторяться".to_owned()),
        _ => one("format", "Недопустимое значение".to_owned()),
    }
}

fn type_name(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Single(JsonType::String) => "строка",
        TypeKind::Single(JsonType::Integer) => "целое число",
        TypeKind::Single(JsonType::Number) => "число",
        TypeKind::Single(JsonType::Boolean) => "логическое значение",
        TypeKind::Single(JsonType::Array) => "список",
        TypeKind::Single(JsonType::Object) => "объект",
        _ => "другой тип",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(result: Result<Map<String, Value>>) -> Vec<(String, &'static str)> {
        match result {
            Err(Error::Invalid(violations)) => violations.into_iter().map(|v| (v.field, v.code)).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn schema() -> Value {
        json!({
            "type": "object", "required": ["text"], "additionalProperties": false,
            "properties": {
                "text": { "type": "string", "minLength": 1, "maxLength": 5 },
                "tone": { "type": "string", "enum": ["деловой", "дружеский"], "default": "деловой" },
                "points": { "type": "array", "items": { "type": "string" }, "maxItems": 2 }
            }
        })
    }

    #[test]
    fn defaults_are_filled_in() {
        let input = validate(&schema(), json!({ "text": "да" })).unwrap();
        assert_eq!(Value::Object(input), json!({ "text": "да", "tone": "деловой" }));
    }

    #[test]
    fn every_violation_names_its_field() {
        assert_eq!(fields(validate(&schema(), json!({}))), [("input.text".to_owned(), "required")]);
        assert_eq!(fields(validate(&schema(), json!({ "text": "" }))), [("input.text".to_owned(), "required")]);
        assert_eq!(fields(validate(&schema(), json!({ "text": " \n" }))), [("input.text".to_owned(), "required")]);
        assert_eq!(fields(validate(&schema(), json!({ "text": "шестьь" }))), [("input.text".to_owned(), "too_long")]);
        assert_eq!(fields(validate(&schema(), json!({ "text": 5 }))), [("input.text".to_owned(), "type")]);
        assert_eq!(
            fields(validate(&schema(), json!({ "text": "да", "tone": "злой" }))),
            [("input.tone".to_owned(), "not_allowed")]
        );
        assert_eq!(fields(validate(&schema(), json!({ "text": "да", "x": 1 }))), [("input.x".to_owned(), "unknown")]);
        assert_eq!(
            fields(validate(&schema(), json!({ "text": "да", "points": [1] }))),
            [("input.points.0".to_owned(), "type")]
        );
        assert_eq!(fields(validate(&schema(), json!("text"))), [("input".to_owned(), "type")]);
    }
}
