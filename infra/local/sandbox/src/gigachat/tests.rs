//! The protocol, as a client sees it.

use serde_json::{Value, json};

use super::gigachat_authorization_key;
use crate::model::tests::{Asked, Client, KEY, NOW};

const CHAT: &str = "/gigachat/api/v1/chat/completions";
const RQUID: &str = "0b1f4d62-9c77-4f6e-9b8a-4d105a9d8c3e";

async fn token_for(client: &Client, key: &str, id: &str, form: &str) -> Asked {
    let authorization = format!("Basic {key}");
    client.post("/gigachat/api/v2/oauth", &[("authorization", &authorization), ("rquid", id)], form).await
}

async fn token(client: &Client) -> String {
    let given = token_for(client, &gigachat_authorization_key(KEY), RQUID, "scope=GIGACHAT_API_PERS").await.good();
    assert_eq!(given["expires_at"], (NOW + 1800) * 1000);
    given["access_token"].as_str().unwrap().to_owned()
}

async fn ask(path: &str, body: &Value) -> Asked {
    let client = Client::new();
    let authorization = format!("Bearer {}", token(&client).await);
    client.post(path, &[("authorization", &authorization)], body).await
}

fn chat(model: &str, text: &str, more: &Value) -> Value {
    let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": text }] });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn functions() -> Value {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
    json!([{ "name": "get_weather", "description": "Погода в городе", "parameters": parameters }])
}

/// The chunks of a stream, which must end with `[DONE]`.
fn chunks(stream: &str) -> Vec<Value> {
    let mut frames: Vec<_> = stream.split_terminator("\n\n").map(|it| it.strip_prefix("data: ").unwrap()).collect();
    assert_eq!(frames.pop(), Some("[DONE]"));
    frames.into_iter().map(|frame| serde_json::from_str(frame).unwrap()).collect()
}

#[tokio::test]
async fn a_chat_has_the_vendors_shape() {
    let answer = ask(CHAT, &chat("GigaChat-2", "Исправь ошибки: превет мир", &json!({}))).await.good();
    let usage = &answer["usage"];
    assert_eq!(
        answer,
        json!({
            "object": "chat.completion", "created": NOW, "model": "sandbox", "sandbox": true,
            "choices": [{ "index": 0, "message": { "role": "assistant", "content": "привет мир" }, "finish_reason": "stop" }],
            "usage": {
                "prompt_tokens": usage["prompt_tokens"], "completion_tokens": 3, "total_tokens": usage["total_tokens"],
                "precached_prompt_tokens": 0,
            },
        })
    );
    assert_eq!(usage["total_tokens"].as_u64(), usage["prompt_tokens"].as_u64().map(|prompt| prompt + 3));
}

#[tokio::test]
async fn a_stream_says_the_role_once_and_tells_tokens_at_its_end() {
    let whole = ask(CHAT, &chat("GigaChat-2", "Привет!", &json!({}))).await.good();
    let chunks = chunks(&ask(CHAT, &chat("GigaChat-2", "Привет!", &json!({ "stream": true }))).await.text());
    let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(whole["choices"][0]["message"]["content"], text);
    let roles: Vec<_> = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"].get("role")).collect();
    assert_eq!((roles, &chunks[0]["object"]), (vec![&json!("assistant")], &json!("chat.completion")));
    let (last, others) = chunks.split_last().unwrap();
    assert_eq!((&last["usage"], &last["choices"][0]["finish_reason"]), (&whole["usage"], &json!("stop")));
    assert!(others.iter().all(|chunk| chunk.get("usage").is_none()));
}

#[tokio::test]
async fn a_function_is_called_with_an_object_and_its_result_is_answered_with() {
    let question = "Какая погода в Париже?";
    let more = json!({ "functions": functions(), "function_call": "auto" });
    let asked = chat("GigaChat-2", question, &more);
    let answer = ask(CHAT, &asked).await.good();
    let message = &answer["choices"][0]["message"];
    assert_eq!(answer["choices"][0]["finish_reason"], "function_call");
    assert_eq!(message["function_call"], json!({ "name": "get_weather", "arguments": { "city": "Париже" } }));
    assert!(message["functions_state_id"].is_string());

    let mut streamed = asked.clone();
    streamed["stream"] = json!(true);
    let chunks = chunks(&ask(CHAT, &streamed).await.text());
    assert_eq!(chunks[0]["choices"][0]["delta"]["function_call"], message["function_call"]);
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "function_call");

    let messages = json!([
        { "role": "user", "content": question }, message,
        { "role": "function", "name": "get_weather", "content": "{\"celsius\":21}" },
    ]);
    let told =
        ask(CHAT, &chat("GigaChat-2", "", &json!({ "functions": functions(), "messages": messages }))).await.good();
    assert!(told["choices"][0]["message"]["content"].as_str().unwrap().contains("{\"celsius\":21}"));
}

#[tokio::test]
async fn functions_are_called_only_when_that_is_allowed() {
    for (choice, reason) in [
        (json!({}), "stop"),
        (json!({ "function_call": "none" }), "stop"),
        (json!({ "function_call": { "name": "get_weather" } }), "function_call"),
    ] {
        let mut more = json!({ "functions": functions() });
        more.as_object_mut().unwrap().extend(choice.as_object().unwrap().clone());
        let answer = ask(CHAT, &chat("GigaChat-2", "Какая погода в Париже?", &more)).await.good();
        assert_eq!(answer["choices"][0]["finish_reason"], reason, "{choice}");
    }
}

#[tokio::test]
async fn tokens_are_given_out_for_the_right_key_and_scope() {
    let (client, key) = (Client::new(), gigachat_authorization_key(KEY));
    for (key, id, form, status, code) in [
        (key.as_str(), RQUID, "scope=GIGACHAT_API_CORP", 400, 7),
        (&key, RQUID, "", 400, 5),
        (&key, "1", "scope=GIGACHAT_API_PERS", 400, 1),
        ("c2FuZGJveDp3cm9uZw==", RQUID, "scope=GIGACHAT_API_PERS", 401, 6),
        ("not base64", RQUID, "scope=GIGACHAT_API_PERS", 400, 4),
    ] {
        let asked = token_for(&client, key, id, form).await;
        assert_eq!((asked.status, &asked.json()["code"]), (status, &json!(code)));
    }
}

#[tokio::test]
async fn a_token_ends_after_half_an_hour() {
    let client = Client::new();
    let token = token(&client).await;
    let ask = async |token: &str| {
        let authorization = format!("Bearer {token}");
        let asked =
            client.post(CHAT, &[("authorization", &authorization)], chat("GigaChat-2", "Привет", &json!({}))).await;
        (asked.status, asked.json()["message"].clone())
    };
    client.pass(1799);
    assert_eq!(ask(&token).await.0, 200);
    let later = token.replacen("17500", "18500", 1);
    assert_eq!(ask(&later).await, (401, json!("Unauthorized")));
    client.pass(1);
    assert_eq!(ask(&token).await, (401, json!("Token has expired")));
}

#[tokio::test]
async fn vectors_tell_their_tokens_one_by_one() {
    let path = "/gigachat/api/v1/embeddings";
    let answer = ask(path, &json!({ "model": "Embeddings", "input": ["Осень", "Привет мир"] })).await.good();
    assert_eq!((&answer["data"][1]["index"], &answer["data"][1]["usage"]["prompt_tokens"]), (&json!(1), &json!(3)));
    assert_eq!(answer["data"][0]["embedding"].as_array().unwrap().len(), 1024);
    assert_eq!(ask(path, &json!({ "model": "Embeddings", "input": [1] })).await.status, 422);
    assert_eq!(ask(path, &json!({ "model": "none", "input": "x" })).await.status, 404);
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    for (more, status) in [
        (json!({ "model": "gpt-4" }), 404),
        (json!({ "model": null }), 422),
        (json!({ "messages": [] }), 422),
        (json!({ "messages": [{ "role": "user", "content": "x" }, { "role": "system", "content": "x" }] }), 422),
        (json!({ "messages": [{ "role": "tool", "content": "x" }] }), 422),
        (json!({ "messages": [{ "role": "function", "content": "{}" }] }), 422),
        (json!({ "messages": [{ "role": "function", "name": "f", "content": "no JSON" }] }), 422),
        (json!({ "messages": [{ "role": "assistant", "function_call": { "name": "f", "arguments": "{}" } }] }), 422),
        (json!({ "function_call": { "name": "f" } }), 422),
        (json!({ "functions": [{ "name": "f" }] }), 422),
        (json!({ "temperature": 3 }), 422),
        (json!({ "max_tokens": 0 }), 422),
    ] {
        let asked = ask(CHAT, &chat("GigaChat-2", "x", &more)).await;
        let (got, error) = (asked.status, asked.json());
        assert_eq!((got, &error["status"]), (status, &json!(status)), "{more}: {error}");
    }
}

#[tokio::test]
async fn models_have_their_faults() {
    for (model, status) in [("sandbox-500", 500), ("sandbox-429", 429), ("sandbox-quota", 402)] {
        assert_eq!(ask(CHAT, &chat(model, "x", &json!({}))).await.status, status, "{model}");
    }
    let stream = json!({ "stream": true });
    assert!(ask(CHAT, &chat("sandbox-half-stream", "Привет", &stream)).await.body.is_err());
    let failed = chunks(&ask(CHAT, &chat("sandbox-stream-error", "Привет", &stream)).await.text());
    assert_eq!(failed.last().unwrap(), &json!({ "status": 500, "message": "Internal Server Error" }));
    assert!(!ask(CHAT, &chat("sandbox-no-usage", "Привет", &stream)).await.text().contains("usage"));
}
