//! Every answer against the OpenAPI document: no undocumented status, no field too many, none missing, none of another type.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::Method;
use jsonschema::Validator;
use quintet::{openapi, registry};
use serde_json::{Value, json};

/// Statuses that any request can get from the layers around its endpoint.
const FROM_OUTSIDE: [u16; 7] = [400, 404, 405, 413, 415, 500, 503];

/// A product's document, with no object open for fields that it does not name.
pub struct Described {
    document: Value,
    /// The schema of failures.
    failed: Value,
    validators: Mutex<HashMap<String, &'static Validator>>,
}

impl Described {
    /// What a product says of itself; `failed` is what it calls a failure.
    pub fn of(product: &str, failed: &str) -> Self {
        let document = openapi::document(registry::product(product).expect("product"));
        let mut document = serde_json::to_value(document).expect("JSON");
        let open = document["components"]["schemas"].clone();
        close(&mut document["components"]["schemas"], &open);
        let failed = json!({ "$ref": format!("#/components/schemas/{failed}") });
        Self { document, failed, validators: Mutex::default() }
    }

    /// The document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Asserts that the document describes this answer.
    #[track_caller]
    pub fn assert_describes(&self, method: &Method, path: &str, status: u16, body: &Value) {
        if matches!(*method, Method::HEAD | Method::OPTIONS) {
            // Without bodies, and not the document's business.
            return;
        }
        let name = method.as_str().to_lowercase();
        let operation = self.operation(path).and_then(|operations| operations.get(&name));
        let described = operation.and_then(|operation| operation["responses"].get(status.to_string()));
        let schema = if let Some(response) = described {
            // A redirect, or an answer that somebody else's protocol prescribes, has none.
            let Some(schema) = response.pointer("/content/application~1json/schema") else { return };
            schema
        } else {
            let known = operation.is_none() || FROM_OUTSIDE.contains(&status);
            assert!(known, "{method} {path} answers {status}, which is not documented: {body}");
            &self.failed
        };
        let errors = self.validator(schema).iter_errors(body);
        let errors: Vec<_> = errors.map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{method} {path} {status} is not as documented: {errors:#?}\n{body}");
    }

    /// The operations of the path, whatever stands for its parameters. Fixed segments win over parameters.
    fn operation(&self, path: &str) -> Option<&Value> {
        let segments: Vec<_> = path.split('/').collect();
        let paths = self.document["paths"].as_object().expect("paths");
        let matching = paths.iter().filter(|(pattern, _)| {
            let pattern: Vec<_> = pattern.split('/').collect();
            let same = |(pattern, segment): (&&str, &&str)| pattern == segment || pattern.starts_with('{');
            pattern.len() == segments.len() && pattern.iter().zip(&segments).all(same)
        });
        matching.min_by_key(|(pattern, _)| pattern.matches('{').count()).map(|(_, operations)| operations)
    }

    fn validator(&self, schema: &Value) -> &'static Validator {
        let name = schema.to_string();
        let known = self.validators.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied();
        known.unwrap_or_else(|| {
            let whole = json!({ "allOf": [schema], "components": self.document["components"] });
            // As many as there are schemas, for as long as the tests run.
            let validator: &'static Validator = Box::leak(Box::new(jsonschema::validator_for(&whole).expect("schema")));
            self.validators.lock().unwrap_or_else(PoisonError::into_inner).insert(name, validator);
            validator
        })
    }
}

/// Closes a schema; `open` has all of them as they were.
fn close(schema: &mut Value, open: &Value) {
    match schema {
        Value::Object(fields) => {
            if let Some(parts) = fields.get_mut("allOf").and_then(Value::as_array_mut) {
                // Each part alone knows nothing of the others' fields, so none of them is closed but their sum.
                for part in parts {
                    if let Some(name) = part["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
                        *part = open[name].clone();
                    }
                    close(&mut part["properties"], open);
                }
                fields.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
                return;
            }
            if fields.contains_key("properties") {
                fields.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            fields.values_mut().for_each(|value| close(value, open));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, open)),
        _ => {}
    }
}
