//! `GET /api/v1/tools/{tool_id}/schema`

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_says_what_it_takes() {
    let world = World::easy_writer().await;
    let spell_check = json!({
        "tool_id": "spell_check",
        "name": "Проверка орфографии",
        "input_schema": {
            "type": "object",
            "required": ["text"],
            "properties": { "text": { "type": "string", "minLength": 1, "maxLength": 10000, "title": "Текст" } }
        },
        "supports_modes": ["quick"],
        "estimated_cost": 5
    });
    world.assert_answer(&world.get("/api/v1/tools/spell_check/schema", "").await, 200, &spell_check);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_come_in_the_order_of_the_form() {
    let world = World::easy_writer().await;
    let schema = world.get("/api/v1/tools/essay/schema", "").await;
    let fields: Vec<_> = schema.data()["input_schema"]["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["topic", "kind", "level", "language", "words", "thesis", "wishes"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tool_of_every_tab_says_the_same_of_itself_here() {
    let world = World::easy_writer().await;
    let tabs = world.get("/api/v1/tools/tabs", "").await;
    for tab in tabs.data()["tabs"].as_array().unwrap() {
        let tab = world.get(&format!("/api/v1/tools/tabs/{}", tab["id"].as_str().unwrap()), "").await;
        for tool in tab.data()["tools"].as_array().unwrap() {
            let schema = world.get(&format!("/api/v1/tools/{}/schema", tool["id"].as_str().unwrap()), "").await;
            let input_schema = &schema.data()["input_schema"];
            let same = json!({
                "tool_id": tool["id"], "name": tool["name"], "input_schema": input_schema,
                "supports_modes": tool["supports_modes"], "estimated_cost": tool["estimated_cost"]
            });
            world.assert_answer(&schema, 200, &same);
            assert_eq!(input_schema["type"], "object");
            let properties = input_schema["properties"].as_object().unwrap();
            assert!(properties.values().all(|property| property["title"].is_string()), "{same}");
            let required = input_schema["required"].as_array().unwrap();
            assert!(required.iter().filter_map(Value::as_str).all(|name| properties.contains_key(name)), "{same}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_tool_is_not_found() {
    let world = World::easy_writer().await;
    for unknown in ["unknown", "SPELL_CHECK", "spell_check%20", "everyday", "%D1%8F"] {
        let reply = world.get(&format!("/api/v1/tools/{unknown}/schema"), "").await;
        world.assert_refusal(&reply, 404, "TOOL_NOT_FOUND");
    }
}
