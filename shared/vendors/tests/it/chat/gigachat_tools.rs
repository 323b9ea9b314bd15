//! GigaChat's functions as OpenAI's tools.

use domain::gateway::ProviderError;
use serde_json::{Value, json};

use super::{asked, complete, complete_with, gigachat, hear, serve};
use crate::server::Answer;

const STATE: &str = "77d3fb14-457a-46ba-937e-8d856156d003";

fn completion(more: &str) -> String {
    format!(
        r#"{{"choices":[{{"message":{{"content":"","role":"assistant","function_call":{{"name":"get","arguments":{{"b": 1.50,"a":"ы"}}}}{more}}},"index":0,"finish_reason":"function_call"}}]}}"#
    )
}

async fn sent(more: &Value) -> Value {
    let (server, vendor) = serve(gigachat, Answer::ok(completion(""))).await;
    complete_with(&*vendor, more).await.unwrap();
    serde_json::from_str(&asked(&server)).unwrap()
}

#[tokio::test]
async fn tools_go_as_functions() {
    let tools = json!([
        { "type": "function", "function": { "name": "get", "description": "d", "parameters": { "type": "object", "x": 1 } } },
        { "type": "function", "function": { "name": "now", "parameters": null } },
    ]);
    for (choice, word) in [
        (Value::Null, json!("auto")),
        (json!("auto"), json!("auto")),
        (json!("none"), json!("none")),
        (json!({ "type": "function", "function": { "name": "get" } }), json!({ "name": "get" })),
    ] {
        let sent = sent(&json!({ "tools": tools, "tool_choice": choice, "parallel_tool_calls": true })).await;
        assert_eq!(sent["function_call"], word, "{choice}");
        assert_eq!(
            sent["functions"],
            json!([
                { "name": "get", "description": "d", "parameters": { "type": "object", "x": 1 } },
                { "name": "now", "parameters": { "type": "object", "properties": {} } },
            ])
        );
    }
    let sent = sent(&json!({ "tools": [], "tool_choice": "auto" })).await;
    assert_eq!((sent.get("functions"), sent.get("function_call")), (None, None));
}

#[tokio::test]
async fn calls_and_results_go_back_and_forth() {
    let tool_call = |id: &str, name: &str| json!([{ "id": id, "type": "function", "function": { "name": name, "arguments": "{\"x\": 1.50}" } }]);
    let messages = json!([
        { "role": "user", "content": "?" },
        { "role": "assistant", "content": null, "tool_calls": tool_call(&format!("giga_{STATE}"), "get") },
        { "role": "tool", "tool_call_id": format!("giga_{STATE}"), "content": "{\"ok\": true}" },
        { "role": "assistant", "content": "", "tool_calls": tool_call("call_1", "now") },
        { "role": "tool", "tool_call_id": "call_1", "content": "три \"часа\"" },
        { "role": "tool", "tool_call_id": "elsewhere", "name": "other", "content": "7" },
    ]);
    let sent = sent(&json!({ "messages": messages })).await;
    assert_eq!(
        sent["messages"],
        json!([
            { "role": "user", "content": "?" },
            { "role": "assistant", "content": "", "function_call": { "name": "get", "arguments": { "x": 1.5 } }, "functions_state_id": STATE },
            { "role": "function", "content": "{\"ok\": true}", "name": "get" },
            { "role": "assistant", "content": "", "function_call": { "name": "now", "arguments": { "x": 1.5 } } },
            { "role": "function", "content": "\"три \\\"часа\\\"\"", "name": "now" },
            { "role": "function", "content": "7", "name": "other" },
        ])
    );
    let (_server, vendor) = serve(gigachat, Answer::ok("")).await;
    let orphan = json!({ "messages": [{ "role": "tool", "tool_call_id": "x", "content": "7" }] });
    let error = complete_with(&*vendor, &orphan).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Rejected { param: Some(param), .. } if param == "messages.0.tool_call_id"));
}

#[tokio::test]
async fn a_call_comes_with_the_vendors_id_or_a_new_one() {
    for (more, id) in [
        (format!(r#","functions_state_id":"{STATE}""#), format!("giga_{STATE}")),
        (String::new(), "call_019be060000070008000000000000002".to_owned()),
    ] {
        let (_server, vendor) = serve(gigachat, Answer::ok(completion(&more))).await;
        let answer = complete(&*vendor).await.unwrap();
        let call = format!(
            r#"{{"id":"{id}","type":"function","function":{{"name":"get","arguments":"{{\"b\": 1.50,\"a\":\"ы\"}}"}}}}"#
        );
        assert_eq!(
            answer.choices.get(),
            format!(
                r#"[{{"index":0,"message":{{"role":"assistant","content":null,"refusal":null,"tool_calls":[{call}]}},"logprobs":null,"finish_reason":"tool_calls"}}]"#
            )
        );
        assert_eq!((answer.written, answer.usage), (3 + 20, None));
    }
}

#[tokio::test]
async fn a_call_streams_in_one_piece() {
    let stream = format!(
        concat!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"\",\"role\":\"assistant\",\"functions_state_id\":\"{0}\"}},\"index\":0}}]}}\n\n",
            "data: {{\"choices\":[{{\"delta\":{{\"reasoning_content\":\"хм\"}},\"index\":0}}]}}\n\n",
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"\",\"function_call\":{{\"name\":\"get\",\"arguments\":{{\"a\":1}}}}}},\"index\":0,",
            "\"finish_reason\":\"function_call\"}}],\"usage\":{{\"prompt_tokens\":1,\"completion_tokens\":2}}}}\n\ndata: [DONE]\n\n"
        ),
        STATE
    );
    let (_server, vendor) = serve(gigachat, Answer::ok(stream)).await;
    let heard = hear(&*vendor).await;
    heard.end.as_ref().unwrap();
    let call = format!(
        r#"{{"index":0,"id":"giga_{STATE}","type":"function","function":{{"name":"get","arguments":"{{\"a\":1}}"}}}}"#
    );
    assert_eq!(
        heard.choices(),
        [
            r#"[{"index":0,"delta":{"role":"assistant","reasoning_content":"хм"},"finish_reason":null}]"#.to_owned(),
            format!(r#"[{{"index":0,"delta":{{"tool_calls":[{call}]}},"finish_reason":"tool_calls"}}]"#),
        ]
    );
    assert_eq!((heard.written(), heard.usage().unwrap().total()), (4 + 3 + 7, 3));
}
