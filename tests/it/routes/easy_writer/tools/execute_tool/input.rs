//! What a run takes in.

use serde_json::{Value, json};

use super::{SPELL_CHECK, assert_nothing_happened};
use crate::world::World;

const REQUIRED: &str = "Заполните поле";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mode_that_the_tool_has_not_is_refused() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let (text, topic) = (json!({ "text": "Привет" }), json!({ "topic": "Осень" }));
    for (tool, mode, input) in [("spell_check", "standard", text), ("essay", "quick", topic)] {
        let reply = world.execute(&user, tool, mode, input).await;
        world.assert_invalid(&reply, &[("mode", "not_allowed", "Инструмент не поддерживает этот режим")]);
    }
    assert_nothing_happened(&world, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mode_that_there_is_not_is_refused_by_name() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    for mode in
        [json!("fast"), json!("Quick"), json!(""), json!(1), json!(true), json!(["quick"]), json!({ "quick": 1 })]
    {
        let body = json!({ "input": { "text": "Привет" }, "mode": mode });
        let reply = world.post(SPELL_CHECK, Some(&user.token), &body).await;
        world.assert_invalid(&reply, &[("mode", "type", "Недопустимое значение")]);
    }
    assert_nothing_happened(&world, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_an_input_names_its_field() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let too_long = "я".repeat(10_001);
    let cases = [
        (json!({}), ("input.text", "required", REQUIRED)),
        (json!({ "text": "" }), ("input.text", "required", REQUIRED)),
        (json!({ "text": " \n\t " }), ("input.text", "required", REQUIRED)),
        (json!({ "text": too_long }), ("input.text", "too_long", "Максимальная длина: 10000")),
        (json!({ "text": 5 }), ("input.text", "type", "Ожидается строка")),
        (json!({ "text": null }), ("input.text", "type", "Ожидается строка")),
        (json!({ "text": ["Привет"] }), ("input.text", "type", "Ожидается строка")),
        (json!([]), ("input", "type", "Ожидается объект")),
        (json!("Привет"), ("input", "type", "Ожидается объект")),
        (Value::Null, ("input", "type", "Ожидается объект")),
    ];
    for (input, field) in cases {
        world.assert_invalid(&world.execute(&user, "spell_check", "quick", input).await, &[field]);
    }
    let without_input = world.post(SPELL_CHECK, Some(&user.token), &json!({ "mode": "quick" })).await;
    world.assert_invalid(&without_input, &[("input", "required", REQUIRED)]);
    assert_nothing_happened(&world, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_rule_has_a_word_of_its_own() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let essay = |field: &str, value: Value| ("essay", json!({ "topic": "Осень", field: value }));
    let product =
        |keywords: Value| ("product_card", json!({ "product": "Кружка", "features": "сталь", "keywords": keywords }));
    let styles = "Допустимые значения: рассуждение, убеждение, сравнение, личное размышление";
    let cases = [
        (essay("kind", json!("поэма")), ("input.kind", "not_allowed", styles)),
        (essay("words", json!(199)), ("input.words", "too_small", "Минимальное значение: 200")),
        (essay("words", json!(1501)), ("input.words", "too_large", "Максимальное значение: 1500")),
        (essay("words", json!("500")), ("input.words", "type", "Ожидается целое число")),
        (essay("words", json!(500.5)), ("input.words", "type", "Ожидается целое число")),
        (essay("unknown", json!(1)), ("input.unknown", "unknown", "Неизвестное поле")),
        (essay("previous", json!("x")), ("input.previous", "unknown", "Неизвестное поле")),
        (product(json!("кружка")), ("input.keywords", "type", "Ожидается список")),
        (product(json!(vec!["кружка"; 21])), ("input.keywords", "too_many", "Максимальное количество: 20")),
        (product(json!(["кружка", 5])), ("input.keywords.1", "type", "Ожидается строка")),
    ];
    for ((tool, input), field) in cases {
        world.assert_invalid(&world.execute(&user, tool, "standard", input).await, &[field]);
    }
    assert_nothing_happened(&world, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_is_told_at_once() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let input = json!({ "kind": "поэма", "words": 5, "unknown": true });
    let reply = world.execute(&user, "essay", "standard", input).await;
    assert_eq!(reply.failure(), (400, "VALIDATION_ERROR"));
    let fields = reply.body["error"]["details"]["fields"].as_array().unwrap();
    let mut named: Vec<_> = fields.iter().map(|field| field["field"].as_str().unwrap()).collect();
    named.sort_unstable();
    assert_eq!(named, ["input.kind", "input.topic", "input.unknown", "input.words"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deep_nesting_is_refused() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let deep = format!(r#"{{"input":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let mut request = crate::world::request(http::Method::POST, SPELL_CHECK, Some(&user.token), &json!({}));
    *request.body_mut() = deep;
    let reply = world.send(request).await;
    assert_eq!(reply.failure(), (400, "VALIDATION_ERROR"));
    assert_nothing_happened(&world, &user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_texts_are_kept_whole() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = "Мама мыла раму. ".repeat(300).trim().to_owned();
    let reply = world.execute(&user, "spell_check", "quick", json!({ "text": text })).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.data()["result"], text, "nothing to correct");
    let session = world.session(&user, reply.data()["session_id"].as_str().unwrap()).await;
    assert_eq!((&session["input_data"], &session["result"]), (&json!({ "text": text }), &json!(text)));
    assert_eq!(world.objects().await.len(), 2, "input and result are too large for the table");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_text_is_counted_in_characters() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let text = "Мама мыла раму. ".repeat(625);
    assert_eq!(text.chars().count(), 10_000);
    let reply = world.execute(&user, "spell_check", "quick", json!({ "text": text })).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let session = world.session(&user, reply.data()["session_id"].as_str().unwrap()).await;
    assert_eq!(session["input_data"], json!({ "text": text }));
}
