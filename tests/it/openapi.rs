//! The OpenAPI documents are generated from the code and committed; this keeps the two alike.
//!
//! When an endpoint changed on purpose, run with `UPDATE_DOCS=1` and commit the new document.

use std::collections::BTreeMap;

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, ServerBuilder};

fn merged(title: &str, description: &str, servers: [&str; 2], groups: Vec<OpenApi>) -> OpenApi {
    let info = InfoBuilder::new().title(title).description(Some(description)).version("2.0.0").build();
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build());
    let components = ComponentsBuilder::new().security_scheme("bearer", bearer).build();
    let servers = servers.map(|url| ServerBuilder::new().url(url).build());
    let mut document = OpenApiBuilder::new().info(info).servers(Some(servers)).components(Some(components)).build();
    let mut schemas = BTreeMap::new();
    for group in groups {
        for (name, schema) in group.components.iter().flat_map(|components| &components.schemas) {
            let known = schemas.entry(name.clone()).or_insert_with(|| schema.clone());
            assert!(*known == *schema, "two different schemas are called {name}");
        }
        document.merge(group);
    }
    document
}

pub fn easy_writer() -> OpenApi {
    let groups = vec![
        easy_writer_auth::api().split_for_parts().1,
        easy_writer_user::api().split_for_parts().1,
        easy_writer_tools::api().split_for_parts().1,
        easy_writer_generation::api().split_for_parts().1,
        easy_writer_images::api().split_for_parts().1,
        easy_writer_payments::api().split_for_parts().1,
    ];
    let description = "AI writing tools paid in raits. Progress of background sessions comes over the WebSocket \
                       `/ws/generation/{session_id}?token={access_token}`, that of pictures over `/ws/image/{image_id}?token={access_token}`.";
    merged("Easy Writer", description, ["http://localhost:8000", "https://api.easy-writer.ru"], groups)
}

pub fn aggregator() -> OpenApi {
    let groups = vec![
        aggregator_auth::api().split_for_parts().1,
        aggregator_chat::api().split_for_parts().1,
        aggregator_billing::api().split_for_parts().1,
        aggregator_payments::api().split_for_parts().1,
        aggregator_analytics::api().split_for_parts().1,
        aggregator_webhooks::api().split_for_parts().1,
    ];
    let description = "One endpoint for many vendors of language models. Chats, embeddings and models are under `/v1` as well, with OpenAI's own error \
                       object, for OpenAI's clients.";
    let mut document =
        merged("AI Aggregator", description, ["http://localhost:3000", "https://api.ai-aggregator.com"], groups);
    let key = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key")));
    document.components.get_or_insert_default().add_security_scheme("api_key", key);
    document
}

#[test]
fn the_committed_documents_are_what_the_code_says() {
    for (name, document) in [("easy-writer", easy_writer()), ("aggregator", aggregator())] {
        let page = format!("{}/../docs/openapi/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let document = serde_yaml_ng::to_string(&document).expect("YAML");
        if crate::update_docs() {
            std::fs::write(&page, &document).expect("docs/openapi");
        }
        let committed = std::fs::read_to_string(&page).unwrap_or_default();
        assert_eq!(committed, document, "the API of {name} changed; if that is meant, run with UPDATE_DOCS=1");
    }
}

#[test]
fn every_endpoint_is_described() {
    for (document, operations) in [(easy_writer(), 32), (aggregator(), 28)] {
        is_described(&serde_json::to_value(document).expect("JSON"), operations);
    }
}

fn is_described(document: &serde_json::Value, wanted: usize) {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let name = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            assert!(operation["tags"].is_array(), "{name} has no tag");
            assert!(operation["responses"].as_object().is_some_and(|responses| !responses.is_empty()), "{name}");
            operations.push(name);
        }
    }
    assert_eq!(operations.len(), wanted, "{operations:?}");
}
