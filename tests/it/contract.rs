//! The contract as a whole: its types hold for every answer that has them, and each of its lines has a test.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::{GENERATION, Session, World};

/// Section 10 of the contract, type by type, with `T` for `T`, `T?` for `T | null` and a list for a union of texts.
fn types() -> BTreeMap<&'static str, Value> {
    let text = |values: &[&str]| json!({ "enum": values });
    let nullable = json!({ "type": ["string", "null"] });
    let (string, number) = (json!({ "type": "string" }), json!({ "type": "number" }));
    let time = json!({ "type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$" });
    let time_or_null = json!({ "anyOf": [time, { "type": "null" }] });
    let modes = text(&["quick", "standard"]);
    let types = [
        (
            "User",
            json!({
                "id": string, "email": string, "name": nullable, "provider": text(&["local", "google", "yandex"]),
                "balance": number, "created_at": time
            }),
        ),
        ("Tab", json!({ "id": string, "name": string, "icon": string, "tools_count": number })),
        (
            "Tool",
            json!({
                "id": string, "name": string, "description": string, "icon": string,
                "supports_modes": { "type": "array", "items": modes, "minItems": 1 }, "estimated_cost": number
            }),
        ),
        (
            "GenerationSession",
            json!({
                "session_id": string, "tool_id": string, "mode": modes,
                "status": text(&["pending", "in_progress", "completed", "failed"]), "input_data": { "type": "object" },
                "result": nullable, "provider_used": string, "tokens_used": number, "cost_raits": number,
                "created_at": time, "completed_at": time_or_null
            }),
        ),
        (
            "GeneratedImage",
            json!({
                "image_id": string, "status": text(&["processing", "completed", "failed"]), "prompt": string,
                "format": text(&["web", "banner", "print", "messenger"]), "width": number, "height": number,
                "url": string, "upscaled_url": nullable, "cost_raits": number, "created_at": time
            }),
        ),
        (
            "Payment",
            json!({
                "payment_id": string, "status": text(&["pending", "completed", "failed"]), "amount_rub": number,
                "amount_raits": number, "provider": string, "created_at": time, "completed_at": time_or_null
            }),
        ),
        (
            "Transaction",
            json!({
                "id": string, "type": text(&["topup", "spend"]), "amount": number, "description": string,
                "created_at": time
            }),
        ),
    ];
    types.into_iter().collect()
}

/// Asserts that a value has every field of a type of the contract, each of its kind. It may have more.
#[track_caller]
pub fn assert_type(name: &str, value: &Value) {
    let properties = types().remove(name).expect("a type of the contract");
    let required: Vec<_> = properties.as_object().expect("fields").keys().cloned().collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    let validator = jsonschema::validator_for(&schema).expect("schema");
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "not a {name}: {errors:#?}\n{value}");
}

async fn sessions(world: &World, user: &Session) -> Vec<Value> {
    let listed = world.get("/api/v1/generation/sessions", &user.token).await;
    let mut sessions = Vec::new();
    for session in listed.data()["sessions"].as_array().unwrap() {
        sessions.push(world.session(user, session["session_id"].as_str().unwrap()).await);
    }
    sessions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contracts_types_hold_for_users_tools_sessions_and_transactions() {
    let mut world = World::start().await;
    let credentials = json!({ "email": "user@example.com", "password": "pass123456" });
    let registered = world.post("/api/v1/auth/register", None, &credentials).await;
    assert_type("User", &registered.data()["user"]);
    let user = world.register("other@example.com").await;
    let signed_in = world.post("/api/v1/auth/login", None, &credentials).await;
    assert_type("User", &signed_in.data()["user"]);
    for path in ["/api/v1/auth/me", "/api/v1/user/profile"] {
        assert_type("User", world.get(path, &user.token).await.data());
    }
    let named = world.put("/api/v1/user/profile", &user.token, &json!({ "name": "Иван Петров" })).await;
    assert_type("User", named.data());

    let tabs = world.get("/api/v1/tools/tabs", "").await.data()["tabs"].as_array().unwrap().clone();
    for tab in &tabs {
        assert_type("Tab", tab);
        let path = format!("/api/v1/tools/tabs/{}", tab["id"].as_str().unwrap());
        for tool in world.get(&path, "").await.data()["tools"].as_array().unwrap() {
            assert_type("Tool", tool);
        }
    }

    // One session in each state.
    world.execute(&user, "spell_check", "quick", json!({ "text": "Превет мир" })).await;
    world.start_essay(&user).await;
    world.restart(|vars| drop(vars.insert("OPENAI_MODEL".to_owned(), "sandbox-500".to_owned())));
    world.execute(&user, "spell_check", "quick", json!({ "text": "Привет мир" })).await;
    for session in sessions(&world, &user).await {
        assert_type("GenerationSession", &session);
    }
    world.drain(GENERATION).await;
    let sessions = sessions(&world, &user).await;
    assert_eq!(sessions.len(), 3);
    for session in &sessions {
        assert_type("GenerationSession", session);
    }
    let transactions = world.get("/api/v1/user/transactions", &user.token).await;
    let transactions = transactions.data()["transactions"].as_array().unwrap().clone();
    assert_eq!(transactions.len(), 2);
    for transaction in &transactions {
        assert_type("Transaction", transaction);
    }
}

/// The rows of a product's table in docs/contracts.md: a line of the contract, and the tests that prove it.
fn table(product: &str) -> Vec<(String, Vec<String>)> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/contracts.md")).expect("page");
    let (_, rest) = page.split_once(&format!("<!-- {product}:begin -->")).expect("the table's beginning");
    let (table, _) = rest.split_once(&format!("<!-- {product}:end -->")).expect("the table's end");
    let rows = table.lines().filter_map(|line| line.trim().strip_prefix('|')?.strip_suffix('|')?.rsplit_once('|'));
    let rows = rows.filter(|(_, tests)| tests.contains("::"));
    let tests = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|(line, cell)| (line.trim().to_owned(), tests(cell))).collect()
}

/// Whether a file has a test of this name, in Rust, Python or JavaScript.
fn has(file: &str, name: &str) -> bool {
    [format!("fn {name}("), format!("def {name}("), format!("test('{name}'")].iter().any(|head| file.contains(head))
}

#[test]
fn every_line_of_the_contracts_has_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (product, least) in [("easy-writer", 60), ("aggregator", 70)] {
        let table = table(product);
        assert!(table.len() > least, "the table of {product} has only {} lines", table.len());
        for (line, tests) in &table {
            assert!(!tests.is_empty(), "{line} has no test");
            for test in tests {
                let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{line}: {test}"));
                // Those of the clients are beside them.
                let path =
                    if file.starts_with("sdk/") { root.join("..").join(file) } else { root.join("it").join(file) };
                let text = std::fs::read_to_string(&path);
                let text = text.unwrap_or_else(|_| panic!("{line}: no file {}", path.display()));
                assert!(has(&text, name), "{line}: {file} has no test {name}");
            }
        }
    }
}

#[test]
fn every_endpoint_of_the_aggregator_is_in_its_table() {
    let lines: Vec<_> = table("aggregator").into_iter().map(|(line, _)| line).collect();
    let document =
        serde_json::to_value(quintet::openapi::document(quintet::registry::product("aggregator").expect("product")))
            .expect("JSON");
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            let endpoint = format!("`{} {}`", method.to_uppercase(), path.trim_start_matches("/api/v1"));
            assert!(lines.iter().any(|line| line.contains(&endpoint)), "{endpoint} has no line");
        }
    }
}
