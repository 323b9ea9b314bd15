//! Every answer against the OpenAPI document: no undocumented status, no field too many, none missing, none of another type.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::Reply;

/// Statuses that any request can get from the layers around its endpoint.
const FROM_OUTSIDE: [u16; 7] = [400, 404, 405, 413, 415, 500, 503];

/// Asserts that the document describes this answer.
#[track_caller]
pub fn assert_described(method: &Method, path: &str, reply: &Reply) {
    if matches!(*method, Method::HEAD | Method::OPTIONS) {
        // Without bodies, and not the document's business.
        return;
    }
    let name = method.as_str().to_lowercase();
    let operation = operation(path).and_then(|operations| operations.get(&name));
    let described = operation.and_then(|operation| operation["responses"].get(reply.status.to_string()));
    let schema = if let Some(response) = described {
        // A redirect, or an answer that somebody else's protocol prescribes, has none.
        let Some(schema) = response.pointer("/content/application~1json/schema") else { return };
        schema.clone()
    } else {
        let known = operation.is_none() || FROM_OUTSIDE.contains(&reply.status);
        assert!(known, "{method} {path} answers {}, which is not documented: {}", reply.status, reply.text);
        json!({ "$ref": "#/components/schemas/Failed" })
    };
    with_validator(&schema, |validator| {
        let errors: Vec<_> =
            validator.iter_errors(&reply.body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(
            errors.is_empty(),
            "{method} {path} {} is not as documented: {errors:#?}\n{}",
            reply.status,
            reply.text
        );
    });
}

/// The document, with no object open for fields that it does not name.
fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut document = serde_json::to_value(crate::openapi::easy_writer()).expect("JSON");
        close(&mut document["components"]["schemas"]);
        document
    })
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") {
                fields.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// The operations of the path, whatever stands for its parameters. Fixed segments win over parameters.
fn operation(path: &str) -> Option<&'static Value> {
    let segments: Vec<_> = path.split('/').collect();
    let paths = document()["paths"].as_object().expect("paths");
    let matching = paths.iter().filter(|(pattern, _)| {
        let pattern: Vec<_> = pattern.split('/').collect();
        let same = |(pattern, segment): (&&str, &&str)| pattern == segment || pattern.starts_with('{');
        pattern.len() == segments.len() && pattern.iter().zip(&segments).all(same)
    });
    matching.min_by_key(|(pattern, _)| pattern.matches('{').count()).map(|(_, operations)| operations)
}

fn with_validator(schema: &Value, use_it: impl FnOnce(&Validator)) {
    static VALIDATORS: OnceLock<Mutex<HashMap<String, &'static Validator>>> = OnceLock::new();
    let validators = VALIDATORS.get_or_init(Mutex::default);
    let name = schema.to_string();
    let known = validators.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied();
    let validator = known.unwrap_or_else(|| {
        let whole = json!({ "allOf": [schema], "components": document()["components"] });
        // As many as there are schemas, for as long as the tests run.
        let validator: &'static Validator = Box::leak(Box::new(jsonschema::validator_for(&whole).expect("schema")));
        validators.lock().unwrap_or_else(PoisonError::into_inner).insert(name, validator);
        validator
    });
    use_it(validator);
}
