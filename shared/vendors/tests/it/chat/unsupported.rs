//! What the translating vendors refuse, by its name and before anything is sent; what they may leave out; and that OpenAI's protocol takes it all.

use domain::gateway::{ProviderError, SharedVendor};
use serde_json::{Value, json};
use vendors::Timeouts;

use super::{anthropic, call, complete_with, gigachat, openai, request, serve, yandexgpt};
use crate::server::Answer;

type Make = fn(&str, Timeouts) -> SharedVendor;

/// An answer that each vendor understands.
const VENDORS: [(&str, Make, &str); 3] = [
    ("anthropic", anthropic, r#"{"content":[],"stop_reason":"end_turn"}"#),
    ("gigachat", gigachat, r#"{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}"#),
    (
        "yandexgpt",
        yandexgpt,
        r#"{"result":{"alternatives":[{"message":{"text":""},"status":"ALTERNATIVE_STATUS_FINAL"}]}}"#,
    ),
];

/// Asks, whole and streamed, and wants to be refused because of `param` without a request.
async fn assert_refused(vendors: &[&str], more: &Value, param: &str) {
    for (name, vendor, _) in VENDORS.into_iter().filter(|(name, ..)| vendors.contains(name)) {
        let (server, vendor) = serve(vendor, Answer::status(500, "")).await;
        let request = request(more);
        let error = vendor.complete(call(&request)).await.unwrap_err();
        let ProviderError::Unsupported { param: told, message } = &error else { panic!("{name} {more}: {error:?}") };
        assert_eq!(told, param, "{name} {more}");
        assert!(!message.is_empty());
        let Err(of_stream) = vendor.stream(call(&request)).await else { panic!("{name}") };
        assert_eq!(of_stream, error);
        assert!(server.seen().is_empty(), "{name}");
    }
}

const ALL: [&str; 3] = ["anthropic", "gigachat", "yandexgpt"];

#[tokio::test]
async fn fields_without_a_counterpart_are_refused() {
    for (field, value) in [
        ("n", json!(2)),
        ("seed", json!(1)),
        ("logprobs", json!(true)),
        ("top_logprobs", json!(1)),
        ("presence_penalty", json!(0.1)),
        ("frequency_penalty", json!(-0.1)),
        ("logit_bias", json!({ "1": 1 })),
        ("response_format", json!({ "type": "json_object" })),
        ("response_format", json!({ "type": "json_schema", "json_schema": { "name": "s", "schema": {} } })),
        ("functions", json!([{ "name": "f" }])),
        ("function_call", json!("auto")),
        ("audio", json!({ "voice": "a" })),
        ("modalities", json!(["text", "audio"])),
        ("reasoning_effort", json!("low")),
        ("service_tier", json!("priority")),
        ("verbosity", json!("low")),
        ("web_search_options", json!({ "x": 1 })),
        ("unheard_of", json!(0)),
    ] {
        assert_refused(&ALL, &json!({ field: value }), field).await;
    }
    assert_refused(&ALL, &json!({ "ы".repeat(1000): 1 }), &"ы".repeat(100)).await;
    let not_anthropic = &["gigachat", "yandexgpt"];
    assert_refused(not_anthropic, &json!({ "stop": "x" }), "stop").await;
    assert_refused(&["anthropic", "yandexgpt"], &json!({ "temperature": 1.1 }), "temperature").await;
    assert_refused(&["yandexgpt"], &json!({ "top_p": 0.5 }), "top_p").await;
}

#[tokio::test]
async fn tools_without_a_counterpart_are_refused() {
    let tool = |more: Value| {
        let mut function = json!({ "name": "f" });
        function.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([{ "type": "function", "function": function }])
    };
    let with_tools = &["anthropic", "gigachat"];
    assert_refused(&["yandexgpt"], &json!({ "tools": tool(json!({})) }), "tools").await;
    assert_refused(&["yandexgpt"], &json!({ "tool_choice": "required" }), "tool_choice").await;
    assert_refused(with_tools, &json!({ "tools": tool(json!({ "strict": true })) }), "tools.0.function.strict").await;
    assert_refused(with_tools, &json!({ "tools": tool(json!({ "odd": 1 })) }), "tools.0.function.odd").await;
    assert_refused(with_tools, &json!({ "tools": [{ "type": "custom", "custom": { "name": "c" } }] }), "tools.0.type")
        .await;
    let cached = json!([{ "type": "function", "function": { "name": "f" }, "cache_control": { "type": "ephemeral" } }]);
    assert_refused(with_tools, &json!({ "tools": cached }), "tools.0.cache_control").await;
    let other = json!({ "tools": tool(json!({})), "tool_choice": { "type": "allowed_tools", "allowed_tools": {} } });
    assert_refused(with_tools, &other, "tool_choice.type").await;
    assert_refused(&["gigachat"], &json!({ "tools": tool(json!({})), "tool_choice": "required" }), "tool_choice").await;
}

#[tokio::test]
async fn messages_without_a_counterpart_are_refused() {
    let said = |message: Value| json!({ "messages": [{ "role": "user", "content": "?" }, message] });
    let part = |part: Value| said(json!({ "role": "user", "content": [{ "type": "text", "text": "a" }, part] }));
    let call =
        |arguments: &str| json!({ "id": "a", "type": "function", "function": { "name": "f", "arguments": arguments } });
    let calls = |calls: Value| said(json!({ "role": "assistant", "content": null, "tool_calls": calls }));
    for (more, param) in [
        (
            part(json!({ "type": "input_audio", "input_audio": { "data": "", "format": "wav" } })),
            "messages.1.content.1.input_audio",
        ),
        (part(json!({ "type": "file", "file": { "file_id": "f" } })), "messages.1.content.1.file"),
        (
            part(json!({ "type": "text", "text": "a", "cache_control": { "type": "ephemeral" } })),
            "messages.1.content.1.cache_control",
        ),
        (said(json!({ "role": "assistant", "content": null, "refusal": "no" })), "messages.1.refusal"),
        (said(json!({ "role": "assistant", "content": null, "audio": { "id": "a" } })), "messages.1.audio"),
        (
            said(json!({ "role": "assistant", "content": null, "function_call": { "name": "f" } })),
            "messages.1.function_call",
        ),
        (said(json!({ "role": "function", "name": "f", "content": "1" })), "messages.1.role"),
        (said(json!({ "role": "user", "content": "a", "odd": 1 })), "messages.1.odd"),
    ] {
        assert_refused(&ALL, &more, param).await;
    }
    let picture = |url: &str| part(json!({ "type": "image_url", "image_url": { "url": url } }));
    assert_refused(&["gigachat", "yandexgpt"], &picture("https://x/y.png"), "messages.1.content.1.image_url").await;
    for url in ["data:image/png,AAAA", "data:", "ftp://x/y.png", "file-1"] {
        assert_refused(&["anthropic"], &picture(url), "messages.1.content.1.image_url.url").await;
    }
    let system = json!({ "messages": [{ "role": "system", "content": [{ "type": "image_url", "image_url": { "url": "https://x/y" } }] }] });
    assert_refused(&ALL, &system, "messages.0.content.0.image_url").await;
    for arguments in ["{", "[1]", "7", "\"a\"", "{} x"] {
        let more = calls(json!([call(arguments)]));
        assert_refused(&["anthropic", "gigachat"], &more, "messages.1.tool_calls.0.function.arguments").await;
    }
    assert_refused(&["gigachat"], &calls(json!([call("{}"), call("{}")])), "messages.1.tool_calls").await;
    assert_refused(&["yandexgpt"], &calls(json!([call("{}")])), "messages.1.tool_calls").await;
    let result = said(json!({ "role": "tool", "tool_call_id": "a", "content": "1" }));
    assert_refused(&["yandexgpt"], &result, "messages.1.role").await;
}

#[tokio::test]
async fn what_asks_for_nothing_is_left_out() {
    let more = json!({
        "n": 1, "logprobs": false, "top_logprobs": 0, "presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": {}, "seed": null,
        "response_format": { "type": "text" }, "functions": [], "modalities": ["text"], "service_tier": "auto", "verbosity": "medium",
        "store": true, "metadata": { "a": "b" }, "prompt_cache_key": "k", "prompt_cache_retention": "24h", "prediction": { "type": "content" },
        "safety_identifier": "s", "stream_options": null, "stop": [], "tools": [], "tool_choice": "auto", "parallel_tool_calls": false,
        "messages": [
            { "role": "user", "name": "ann", "content": "a" },
            { "role": "assistant", "content": "b", "refusal": null, "audio": null, "annotations": [{ "type": "url_citation" }],
                "function_call": null, "tool_calls": [], "reasoning_content": "hm", "reasoning": "hm" },
            { "role": "user", "content": "c" },
        ],
    });
    for (name, vendor, answer) in VENDORS {
        let (server, vendor) = serve(vendor, Answer::ok(answer)).await;
        complete_with(&*vendor, &more).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let sent = server.seen().pop().unwrap().json();
        let fields: Vec<_> = sent.as_object().unwrap().keys().map(String::as_str).collect();
        let expected: &[&str] = match name {
            "anthropic" => &["model", "max_tokens", "messages", "stream"],
            "gigachat" => &["model", "messages", "stream", "max_tokens"],
            _ => &["modelUri", "completionOptions", "messages"],
        };
        assert_eq!(fields, expected, "{name}");
        assert_eq!(sent["messages"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn openais_protocol_takes_everything() {
    let more = json!({ "n": 2, "seed": 1, "unheard_of": { "a": [1] }, "functions": [], "response_format": { "type": "json_object" } });
    let (server, vendor) = serve(openai, Answer::ok(r#"{"choices":[{"message":{"content":""}}]}"#)).await;
    complete_with(&*vendor, &more).await.unwrap();
    let sent = server.seen().pop().unwrap().json();
    for (name, value) in more.as_object().unwrap() {
        assert_eq!(&sent[name], value);
    }
}
