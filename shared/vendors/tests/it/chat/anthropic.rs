//! Anthropic's protocol, translated.

use std::time::Duration;

use domain::gateway::{ProviderError, Usage};
use serde_json::{Value, json};

use super::{anthropic, asked, call, complete, complete_with, hear, hear_with, request, serve};
use crate::fixtures::KEY;
use crate::server::Answer;
use crate::streams::anthropic::STREAM;

const MESSAGE: &str = concat!(
    r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":["#,
    r#"{"type":"thinking","thinking":"hm","signature":"x"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"Сей"},"#,
    r#"{"type":"text","text":"час"},{"type":"tool_use","id":"toolu_1","name":"get","input":{"b": 1.50,"a":"ы"}},"#,
    r#"{"type":"tool_use","id":"toolu_2","name":"now","input":{}}],"stop_reason":"tool_use","stop_sequence":null,"#,
    r#""usage":{"input_tokens":12,"cache_creation_input_tokens":5,"cache_read_input_tokens":3,"output_tokens":42}}"#
);

/// Blocks of all kinds in the way they stream.
pub(super) const TOOLS: &str = concat!(
    "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"хм\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"x\"}}\n\n",
    "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get\",\"input\":{}}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\":\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\" \\\"ы\\\"}\"}}\n\n",
    "data: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
    "data: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\"tool_use\",\"id\":\"toolu_2\",\"name\":\"now\",\"input\":{}}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\"}}\n\n",
    "data: {\"type\":\"content_block_stop\",\"index\":2}\n\n",
    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":42}}\n\n",
    "data: {\"type\":\"message_stop\"}\n\n",
);

const PIECE: &str = "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n";
const STOP: &str = "data: {\"type\":\"message_stop\"}\n\n";

fn stop_reason(reason: &str) -> String {
    format!("data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{reason}\"}}}}\n\n")
}

async fn sent(more: Value) -> Value {
    let (server, vendor) = serve(anthropic, Answer::ok(MESSAGE)).await;
    complete_with(&*vendor, &more).await.unwrap();
    serde_json::from_str(&asked(&server)).unwrap()
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let (server, vendor) = serve(anthropic, Answer::ok(STREAM)).await;
    let more = json!({
        "messages": [{ "role": "system", "content": "Ты редактор." }, { "role": "user", "content": "Привет" }],
        "temperature": 0.5, "top_p": 0.9, "stop": ["x"], "user": "u-1", "stream": true,
        "tools": [{ "type": "function", "function": { "name": "get", "description": "d", "parameters": { "type": "object" }, "strict": false } },
            { "type": "function", "function": { "name": "now" } }],
    });
    hear_with(&*vendor, &more).await.end.unwrap();
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/v1/messages"));
    assert_eq!((post.header("x-api-key"), post.header("authorization")), (Some(KEY), None));
    assert_eq!(post.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(
        post.body,
        concat!(
            r#"{"model":"model-1","max_tokens":2000,"system":[{"type":"text","text":"Ты редактор."}],"#,
            r#""messages":[{"role":"user","content":[{"type":"text","text":"Привет"}]}],"stream":true,"#,
            r#""tools":[{"name":"get","description":"d","input_schema":{"type":"object"}},"#,
            r#"{"name":"now","input_schema":{"type":"object","properties":{}}}],"#,
            r#""temperature":0.5,"top_p":0.9,"stop_sequences":["x"],"metadata":{"user_id":"u-1"}}"#
        )
    );
}

#[tokio::test]
async fn a_limit_must_be_told() {
    let (server, vendor) = serve(anthropic, Answer::ok(MESSAGE)).await;
    let request = request(&json!({}));
    let mut call = call(&request);
    call.max_tokens.requested = None;
    vendor.complete(call).await.unwrap();
    let messages = r#""messages":[{"role":"user","content":[{"type":"text","text":"Напиши \"привет\"."}]}]"#;
    assert_eq!(asked(&server), format!(r#"{{"model":"model-1","max_tokens":4096,{messages},"stream":false}}"#));
}

#[tokio::test]
async fn conversations_become_turns_of_blocks() {
    let tool_call = |id: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "name": "f", "arguments": arguments } });
    let sent = sent(json!({ "messages": [
        { "role": "system", "content": "one" },
        { "role": "user", "name": "ann", "content": [
            { "type": "text", "text": "look" }, { "type": "text", "text": "" },
            { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA", "detail": "low" } },
            { "type": "image_url", "image_url": { "url": "https://x/y.png" } },
        ] },
        { "role": "user", "content": "well?" },
        { "role": "assistant", "content": null, "refusal": null, "annotations": [], "reasoning_content": "hm",
            "tool_calls": [tool_call("a", "{\"x\": 1.50}"), tool_call("b", "")] },
        { "role": "tool", "tool_call_id": "a", "content": "1" },
        { "role": "tool", "tool_call_id": "b", "content": [{ "type": "text", "text": "2" }] },
        { "role": "tool", "tool_call_id": "c", "content": "" },
        { "role": "user", "content": "so?" },
        { "role": "developer", "content": [{ "type": "text", "text": "two" }] },
        { "role": "assistant", "content": [{ "type": "refusal", "refusal": "no" }] },
        { "role": "assistant", "content": "" },
    ] }))
    .await;
    assert_eq!(sent["system"], json!([{ "type": "text", "text": "one" }, { "type": "text", "text": "two" }]));
    assert_eq!(
        sent["messages"],
        json!([
            { "role": "user", "content": [
                { "type": "text", "text": "look" },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } },
                { "type": "image", "source": { "type": "url", "url": "https://x/y.png" } },
                { "type": "text", "text": "well?" },
            ] },
            { "role": "assistant", "content": [
                { "type": "tool_use", "id": "a", "name": "f", "input": { "x": 1.5 } },
                { "type": "tool_use", "id": "b", "name": "f", "input": {} },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "a", "content": [{ "type": "text", "text": "1" }] },
                { "type": "tool_result", "tool_use_id": "b", "content": [{ "type": "text", "text": "2" }] },
                { "type": "tool_result", "tool_use_id": "c" },
                { "type": "text", "text": "so?" },
            ] },
            { "role": "assistant", "content": [{ "type": "text", "text": "no" }] },
        ])
    );
}

#[tokio::test]
async fn choices_of_tools_have_their_words() {
    let tools = json!([{ "type": "function", "function": { "name": "f" } }]);
    for (choice, parallel, sent_choice) in [
        (Value::Null, Value::Null, Value::Null),
        (json!("none"), json!(false), json!({ "type": "none" })),
        (json!("auto"), json!(true), json!({ "type": "auto" })),
        (json!("required"), Value::Null, json!({ "type": "any" })),
        (
            json!({ "type": "function", "function": { "name": "f" } }),
            Value::Null,
            json!({ "type": "tool", "name": "f" }),
        ),
        (Value::Null, json!(false), json!({ "type": "auto", "disable_parallel_tool_use": true })),
        (json!("required"), json!(false), json!({ "type": "any", "disable_parallel_tool_use": true })),
    ] {
        let sent = sent(json!({ "tools": tools, "tool_choice": choice, "parallel_tool_calls": parallel })).await;
        assert_eq!(sent.get("tool_choice").cloned().unwrap_or_default(), sent_choice, "{choice} {parallel}");
    }
    let sent = sent(json!({ "tools": [], "tool_choice": "none", "parallel_tool_calls": false })).await;
    assert_eq!((sent.get("tools"), sent.get("tool_choice")), (None, None));
}

#[tokio::test]
async fn an_answer_is_in_openais_terms() {
    let (_server, vendor) = serve(anthropic, Answer::ok(MESSAGE)).await;
    let answer = complete(&*vendor).await.unwrap();
    assert_eq!(
        answer.choices.get(),
        concat!(
            r#"[{"index":0,"message":{"role":"assistant","content":"Сейчас","refusal":null,"reasoning_content":"hm","tool_calls":["#,
            r#"{"id":"toolu_1","type":"function","function":{"name":"get","arguments":"{\"b\": 1.50,\"a\":\"ы\"}"}},"#,
            r#"{"id":"toolu_2","type":"function","function":{"name":"now","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls"}]"#
        )
    );
    assert_eq!(answer.usage, Some(Usage { prompt: 20, completion: 42, cached: 3, reasoning: 0 }));
    assert_eq!(answer.written, 12 + 2 + (3 + 20) + (3 + 2));
    assert!(answer.rest.iter().next().is_none());
}

#[tokio::test]
async fn a_stream_is_in_openais_terms() {
    let (_server, vendor) = serve(anthropic, Answer::ok(STREAM)).await;
    let heard = hear(&*vendor).await;
    heard.end.as_ref().unwrap();
    assert_eq!(
        heard.choices(),
        [
            r#"[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"reasoning_content":"hm"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":"Привет"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":", мир 🙂"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":"!"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#,
        ]
    );
    assert_eq!((heard.written(), heard.finished()), (2 + 12 + 13 + 1, 1));
    assert_eq!(heard.usage(), Some(Usage { prompt: 20, completion: 42, cached: 3, reasoning: 0 }));
}

#[tokio::test]
async fn calls_of_tools_stream_in_pieces() {
    let (_server, vendor) = serve(anthropic, Answer::ok(TOOLS)).await;
    let heard = hear(&*vendor).await;
    heard.end.as_ref().unwrap();
    let call = |call: &str| format!(r#"[{{"index":0,"delta":{{"tool_calls":[{call}]}},"finish_reason":null}}]"#);
    assert_eq!(
        heard.choices(),
        [
            r#"[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"reasoning_content":"хм"},"finish_reason":null}]"#,
            &call(r#"{"index":0,"id":"toolu_1","type":"function","function":{"name":"get","arguments":""}}"#),
            &call(r#"{"index":0,"function":{"arguments":"{\"a\":"}}"#),
            &call(r#"{"index":0,"function":{"arguments":" \"ы\"}"}}"#),
            &call(r#"{"index":1,"id":"toolu_2","type":"function","function":{"name":"now","arguments":""}}"#),
            &call(r#"{"index":1,"function":{"arguments":"{}"}}"#),
            r#"[{"index":0,"delta":{},"finish_reason":"tool_calls"}]"#,
        ]
    );
    assert_eq!(heard.written(), 4 + 3 + 5 + 6 + 3 + 2);
}

#[tokio::test]
async fn stop_reasons_have_their_meaning() {
    for (reason, word) in [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("something_new", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
    ] {
        let (_server, vendor) = serve(anthropic, Answer::ok([PIECE, &stop_reason(reason), STOP].concat())).await;
        let heard = hear(&*vendor).await;
        assert_eq!(heard.end, Ok(()));
        assert!(heard.choices()[1].contains(&format!(r#""finish_reason":"{word}""#)), "{reason}");
        // The count of the start is not the count of the whole, and none came after it.
        assert_eq!(heard.usage(), None);
        let body = json!({ "content": [{ "type": "text", "text": "a" }], "stop_reason": reason });
        let (_server, vendor) = serve(anthropic, Answer::ok(body.to_string())).await;
        let answer = complete(&*vendor).await.unwrap();
        assert!(answer.choices.get().contains(&format!(r#""finish_reason":"{word}""#)), "{reason}");
        assert_eq!(answer.usage, None);
    }
    let (_server, vendor) = serve(anthropic, Answer::ok([PIECE, &stop_reason("pause_turn"), STOP].concat())).await;
    assert!(matches!(hear(&*vendor).await.end, Err(ProviderError::Broken(_))));
    let (_server, vendor) = serve(anthropic, Answer::ok([PIECE, STOP].concat())).await;
    assert!(matches!(hear(&*vendor).await.end, Err(ProviderError::Broken(_))));
    let (_server, vendor) = serve(anthropic, Answer::ok(r#"{"content":[],"stop_reason":null}"#)).await;
    assert!(matches!(complete(&*vendor).await, Err(ProviderError::Broken(_))));
}

#[tokio::test]
async fn later_figures_replace_earlier_ones() {
    let start = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,\"cache_read_input_tokens\":9,\"output_tokens\":1}}}\n\n";
    let delta = |reason: &str, usage: &str| {
        format!("data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":{reason}}},\"usage\":{usage}}}\n\n")
    };
    // The count of the start is not the count of the whole.
    let ended = stop_reason("end_turn");
    let (_server, vendor) = serve(anthropic, Answer::ok([start, PIECE, &ended, STOP].concat())).await;
    assert_eq!(hear(&*vendor).await.usage(), None);
    let (early, late) =
        (delta("null", "{\"output_tokens\":3}"), delta("\"end_turn\"", "{\"input_tokens\":11,\"output_tokens\":42}"));
    let (_server, vendor) = serve(anthropic, Answer::ok([start, PIECE, &early, &late, STOP].concat())).await;
    let heard = hear(&*vendor).await;
    assert_eq!(heard.usage(), Some(Usage { prompt: 20, completion: 42, cached: 9, reasoning: 0 }));
    assert_eq!(heard.chunks.iter().filter(|chunk| chunk.choices.is_none()).count(), 1);
}

#[tokio::test]
async fn errors_have_their_meaning() {
    let body = |kind: &str, message: &str| {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"req_1"}}"#)
    };
    let low = "Your credit balance is too low to access the Anthropic API.";
    let broken = |text: &str| ProviderError::Broken(text.to_owned());
    let misconfigured = |text: &str| ProviderError::Misconfigured(text.to_owned());
    for (status, kind, message, meaning, within_stream) in [
        (529, "overloaded_error", "o", broken("529 overloaded_error: o"), broken("overloaded_error: o")),
        (504, "timeout_error", "t", broken("504 timeout_error: t"), broken("timeout_error: t")),
        (
            401,
            "authentication_error",
            "a",
            misconfigured("401 authentication_error: a"),
            misconfigured("authentication_error: a"),
        ),
        (
            404,
            "not_found_error",
            "model: x",
            misconfigured("404 not_found_error: model: x"),
            misconfigured("not_found_error: model: x"),
        ),
        (402, "billing_error", "pay", ProviderError::OutOfFunds, ProviderError::OutOfFunds),
        (403, "billing_error", "pay", ProviderError::OutOfFunds, ProviderError::OutOfFunds),
        (429, "billing_error", "pay", ProviderError::OutOfFunds, ProviderError::OutOfFunds),
        (400, "invalid_request_error", low, ProviderError::OutOfFunds, ProviderError::OutOfFunds),
    ] {
        let (_server, vendor) = serve(anthropic, Answer::status(status, body(kind, message))).await;
        assert_eq!(complete(&*vendor).await.unwrap_err(), meaning);
        let (_server, vendor) = serve(anthropic, Answer::ok(body(kind, message))).await;
        assert_eq!(complete(&*vendor).await.unwrap_err(), within_stream);
        let error = format!("event: error\ndata: {}\n\n", body(kind, message));
        let (_server, vendor) = serve(anthropic, Answer::ok(PIECE.to_owned() + &error)).await;
        let heard = hear(&*vendor).await;
        assert_eq!((heard.text().as_str(), heard.end), ("a", Err(within_stream)));
    }
    let rejected = ProviderError::Rejected { message: "max_tokens: too many".to_owned(), param: None, code: None };
    for (status, kind) in [(400, "invalid_request_error"), (413, "request_too_large")] {
        let (_server, vendor) = serve(anthropic, Answer::status(status, body(kind, "max_tokens: too many"))).await;
        assert_eq!(complete(&*vendor).await.unwrap_err(), rejected);
    }
    let slow = Answer::status(429, body("rate_limit_error", "slow")).header("retry-after", "8");
    let (_server, vendor) = serve(anthropic, slow).await;
    let wait = Some(Duration::from_secs(8));
    assert_eq!(complete(&*vendor).await.unwrap_err(), ProviderError::RateLimited { retry_after: wait });
}
