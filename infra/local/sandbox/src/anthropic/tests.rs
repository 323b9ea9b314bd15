//! The protocol, as a client sees it.

use serde_json::{Value, json};

use crate::model::tests::{Asked, Client, KEY};

const PATH: &str = "/anthropic/v1/messages";
const MODEL: &str = "claude-sonnet-4-20250514";

async fn ask(body: &Value) -> Asked {
    Client::new().post(PATH, &[("x-api-key", KEY), ("anthropic-version", "2023-06-01")], body).await
}

fn message(model: &str, text: &str, more: &Value) -> Value {
    let mut body = json!({ "model": model, "max_tokens": 500, "messages": [{ "role": "user", "content": text }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn tools() -> Value {
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    json!([
        { "name": "get_weather", "description": "Погода в городе", "input_schema": schema },
        { "name": "local_time", "description": "Который там час", "input_schema": schema },
    ])
}

/// The events of a stream; each is named after its type.
fn events(stream: &str) -> Vec<Value> {
    let event = |frame: &str| {
        let (name, data) = frame.split_once('\n').unwrap();
        let event: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name.strip_prefix("event: ").unwrap(), event["type"]);
        event
    };
    stream.split_terminator("\n\n").map(event).collect()
}

#[tokio::test]
async fn a_message_has_the_vendors_shape() {
    let asked = ask(&message(MODEL, "Исправь ошибки: превет мир", &json!({ "system": "Ты корректор." }))).await;
    assert_eq!(asked.headers["request-id"], "req_sandbox_00000000");
    let answer = asked.good();
    assert_eq!(
        answer,
        json!({
            "id": "msg_sandbox_00000001", "type": "message", "role": "assistant", "model": "sandbox", "sandbox": true,
            "content": [{ "type": "text", "text": "привет мир" }], "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {
                "input_tokens": answer["usage"]["input_tokens"], "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                "output_tokens": 3, "service_tier": "standard",
            },
        })
    );
}

#[tokio::test]
async fn a_stream_gives_the_same_message_in_events() {
    let whole = ask(&message(MODEL, "Привет!", &json!({}))).await.good();
    let events = events(&ask(&message(MODEL, "Привет!", &json!({ "stream": true }))).await.text());
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..4], ["message_start", "content_block_start", "ping", "content_block_delta"]);
    assert_eq!(kinds[kinds.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    let text: String = events.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert_eq!(whole["content"][0]["text"], text);
    let end = &events[events.len() - 2];
    assert_eq!(
        (&end["delta"]["stop_reason"], &end["usage"]["output_tokens"]),
        (&json!("end_turn"), &whole["usage"]["output_tokens"])
    );
    assert_eq!(events[0]["message"]["usage"]["input_tokens"], whole["usage"]["input_tokens"]);
}

#[tokio::test]
async fn tools_are_called_and_their_results_are_answered_with() {
    let question = "Какая погода в Париже и который час в Риме?";
    let asked = message(MODEL, question, &json!({ "tools": tools() }));
    let answer = ask(&asked).await.good();
    assert_eq!(answer["stop_reason"], "tool_use");
    let names: Vec<_> = answer["content"].as_array().unwrap().iter().map(|block| &block["name"]).collect();
    assert_eq!(names, ["get_weather", "local_time"]);
    assert_eq!(answer["content"][0]["input"], json!({ "city": "Париже" }));

    let mut streamed = asked.clone();
    streamed["stream"] = json!(true);
    let events = events(&ask(&streamed).await.text());
    let second: String = events
        .iter()
        .filter(|event| event["index"] == 1)
        .filter_map(|it| it["delta"]["partial_json"].as_str())
        .collect();
    assert_eq!(serde_json::from_str::<Value>(&second).unwrap(), answer["content"][1]["input"]);

    let results: Vec<_> = [0, 1]
        .map(|call| json!({ "type": "tool_result", "tool_use_id": answer["content"][call]["id"], "content": format!("итог {call}") }))
        .into();
    let turns = json!([
        { "role": "user", "content": question }, { "role": "assistant", "content": answer["content"] },
        { "role": "user", "content": results },
    ]);
    let told = ask(&message(MODEL, "", &json!({ "tools": tools(), "messages": turns }))).await.good();
    let text = told["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("итог 0") && text.contains("итог 1"), "{text}");
}

#[tokio::test]
async fn calls_are_as_the_choice_says() {
    for (choice, calls) in [
        (json!({ "type": "none" }), 0),
        (json!({ "type": "auto" }), 2),
        (json!({ "type": "auto", "disable_parallel_tool_use": true }), 1),
        (json!({ "type": "any" }), 2),
        (json!({ "type": "tool", "name": "local_time" }), 1),
    ] {
        let more = json!({ "tools": tools(), "tool_choice": choice });
        let answer = ask(&message(MODEL, "Погода в Риме и который час?", &more)).await.good();
        let called = answer["content"].as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
        assert_eq!(called.count(), calls, "{choice}");
    }
}

#[tokio::test]
async fn answers_end_where_they_have_to() {
    let spelling = "Исправь ошибки: раз два три четыре";
    let cut = ask(&message(MODEL, spelling, &json!({ "max_tokens": 2 }))).await.good();
    assert_eq!((&cut["content"][0]["text"], &cut["stop_reason"]), (&json!("раз два"), &json!("max_tokens")));
    let stopped = ask(&message(MODEL, spelling, &json!({ "stop_sequences": ["четыре", " три"] }))).await.good();
    assert_eq!((&stopped["content"][0]["text"], &stopped["stop_reason"]), (&json!("раз два"), &json!("stop_sequence")));
    assert_eq!(stopped["stop_sequence"], " три");
}

#[tokio::test]
async fn the_key_and_the_version_are_checked() {
    for (headers, status, kind) in [
        (vec![("anthropic-version", "2023-06-01")], 401, "authentication_error"),
        (vec![("x-api-key", "wrong"), ("anthropic-version", "2023-06-01")], 401, "authentication_error"),
        (vec![("x-api-key", KEY)], 400, "invalid_request_error"),
        (vec![("x-api-key", KEY), ("anthropic-version", "2020-01-01")], 400, "invalid_request_error"),
    ] {
        let asked = Client::new().post(PATH, &headers, message(MODEL, "x", &json!({}))).await;
        let (got, error) = (asked.status, asked.json());
        assert_eq!(
            (got, &error["type"], &error["error"]["type"]),
            (status, &json!("error"), &json!(kind)),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let call = json!({ "role": "assistant", "content": [{ "type": "tool_use", "id": "a", "name": "f", "input": {} }] });
    for (more, status) in [
        (json!({ "model": "gpt-4" }), 404),
        (json!({ "model": 1 }), 400),
        (json!({ "max_tokens": 0 }), 400),
        (json!({ "temperature": 1.5 }), 400),
        (json!({ "messages": [] }), 400),
        (json!({ "messages": [{ "role": "system", "content": "x" }] }), 400),
        (json!({ "messages": [{ "role": "user", "content": "" }] }), 400),
        (json!({ "messages": [{ "role": "user", "content": [] }] }), 400),
        (json!({ "messages": [{ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "b" }] }] }), 400),
        (json!({ "messages": [call] }), 400),
        (json!({ "messages": [call, { "role": "user", "content": "x" }] }), 400),
        (json!({ "tools": [{ "name": "f" }] }), 400),
        (json!({ "tool_choice": { "type": "any" } }), 400),
        (json!({ "tools": tools(), "tool_choice": { "type": "tool", "name": "none" } }), 400),
        (json!({ "stop_sequences": [" "] }), 400),
    ] {
        let asked = ask(&message(MODEL, "x", &more)).await;
        let (got, error) = (asked.status, asked.json());
        assert_eq!((got, &error["type"]), (status, &json!("error")), "{more}: {error}");
    }
}

#[tokio::test]
async fn models_have_their_faults() {
    for (model, status, kind) in [
        ("sandbox-500", 500, "api_error"),
        ("sandbox-429", 429, "rate_limit_error"),
        ("sandbox-quota", 400, "invalid_request_error"),
        ("sandbox-stream-error", 200, "api_error"),
    ] {
        let asked = ask(&message(model, "x", &json!({}))).await;
        assert_eq!((asked.status, &asked.json()["error"]["type"]), (status, &json!(kind)), "{model}");
    }
    assert!(ask(&message("sandbox-half-stream", "Привет", &json!({ "stream": true }))).await.body.is_err());
    let failed = ask(&message("sandbox-stream-error", "Привет", &json!({ "stream": true }))).await.text();
    assert_eq!(events(&failed).last().unwrap()["error"]["type"], "api_error");
    assert!(!ask(&message("sandbox-no-usage", "Привет", &json!({ "stream": true }))).await.text().contains("usage"));
}
