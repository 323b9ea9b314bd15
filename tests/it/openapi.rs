//! The OpenAPI documents are generated from the code and committed; this keeps the two alike.
//!
//! When an endpoint changed on purpose, run with `UPDATE_DOCS=1` and commit the new document.

use std::collections::BTreeMap;

use quintet::openapi::document;
use quintet::registry::{self, PRODUCTS};

#[test]
fn the_committed_documents_are_what_the_code_says() {
    for product in PRODUCTS {
        let page = format!("{}/../docs/openapi/{}.yaml", env!("CARGO_MANIFEST_DIR"), product.name);
        let document = serde_yaml_ng::to_string(&document(product)).expect("YAML");
        if crate::update_docs() {
            std::fs::write(&page, &document).expect("docs/openapi");
        }
        let committed = std::fs::read_to_string(&page).unwrap_or_default();
        assert_eq!(
            committed, document,
            "the API of {} changed; if that is meant, run with UPDATE_DOCS=1",
            product.name
        );
    }
}

#[test]
fn schemas_of_one_name_are_one_schema() {
    for product in PRODUCTS {
        let mut schemas = BTreeMap::new();
        let groups = registry::functions(product.name).filter_map(|function| function.api);
        for (name, schema) in groups.filter_map(|api| api().components).flat_map(|components| components.schemas) {
            let known = schemas.entry(name.clone()).or_insert_with(|| schema.clone());
            assert!(*known == schema, "two different schemas of {} are called {name}", product.name);
        }
    }
}

/// Words that circle what they mean: the documents use the field's terms.
const CIRCLING: [&str; 10] = [
    "whoever",
    "somebody",
    "nobody",
    " told",
    "became of",
    "it is not proved",
    "makes no sense",
    "it is without it",
    "wants to hear",
    "says so",
];

#[test]
fn documents_are_in_plain_english() {
    for product in PRODUCTS {
        let text = serde_json::to_string(&document(product)).expect("JSON").to_lowercase();
        for word in CIRCLING {
            assert!(!text.contains(word), "the document of {} says \"{word}\"", product.name);
        }
    }
}

#[test]
fn every_endpoint_is_described() {
    for product in PRODUCTS {
        is_described(&serde_json::to_value(document(product)).expect("JSON"));
    }
}

fn is_described(document: &serde_json::Value) {
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let name = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            assert!(operation["tags"].is_array(), "{name} has no tag");
            assert!(operation["responses"].as_object().is_some_and(|responses| !responses.is_empty()), "{name}");
        }
    }
}
