//! OpenAI's protocol, passed on.

use domain::gateway::{ChatRequest, ProviderError, Usage};
use serde_json::json;
use vendors::Secret;
use vendors::chat::{LimitField, OpenAiCompatible, OpenAiCompatibleSettings};

use super::{MODEL, asked, call, complete, complete_with, embed, hear, hear_with, listen, openai, serve, serving};
use crate::fixtures::{KEY, TestClock, patient};
use crate::server::Answer;
use crate::streams::openai::STREAM;

const COMPLETION: &str = concat!(
    r#"{"id":"chatcmpl-1","object":"chat.completion","created":1768996176,"model":"gpt-1","#,
    r#""choices": [ {"index":0,"message":{"role":"assistant","content":"Прив\u0435т","refusal":null,"reasoning_content":"ab","#,
    r#""tool_calls":[{"id":"call_1","type":"function","function":{"name":"get","arguments":"{\"a\":1}"}}]},"logprobs":null,"finish_reason":"stop"} ],"#,
    r#""usage":{"prompt_tokens":20,"completion_tokens":42,"total_tokens":62,"prompt_tokens_details":{"cached_tokens":5},"#,
    r#""completion_tokens_details":{"reasoning_tokens":7}},"service_tier":"default","system_fingerprint":"fp_1","invented":[1, 2]}"#
);

#[tokio::test]
async fn a_request_goes_as_it_was_written() {
    let (server, vendor) = serve(openai, Answer::ok(COMPLETION)).await;
    let body = concat!(
        r#"{"seed":1,"max_tokens":7,"messages":[ {"role":"user","content":"Прив\u0435т","x":1.50} ],"model":"gateway/model","#,
        r#""temperature":1.0,"stream":false,"invented":{"a" : [1]},"max_completion_tokens":9,"stop":null}"#
    );
    let request = ChatRequest::parse(body.as_bytes()).unwrap();
    vendor.complete(call(&request)).await.unwrap();
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(post.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!((post.header("openai-organization"), post.header("openai-project")), (None, None));
    assert_eq!(
        post.body,
        concat!(
            r#"{"model":"model-1","seed":1,"messages":[ {"role":"user","content":"Прив\u0435т","x":1.50} ],"#,
            r#""temperature":1.0,"invented":{"a" : [1]},"stop":null,"max_completion_tokens":2000,"stream":false}"#
        )
    );
}

#[tokio::test]
async fn a_limit_that_nobody_asked_for_is_not_sent() {
    let (server, vendor) = serve(openai, Answer::ok(COMPLETION)).await;
    let request = super::request(&json!({}));
    let mut call = call(&request);
    call.max_tokens.requested = None;
    vendor.complete(call).await.unwrap();
    let body = asked(&server);
    assert!(!body.contains("max_tokens") && !body.contains("max_completion_tokens"), "{body}");
}

#[tokio::test]
async fn a_stream_asks_for_the_usage_beside_other_options() {
    let (server, vendor) = serve(openai, Answer::ok(STREAM)).await;
    hear_with(&*vendor, &json!({ "stream": true })).await.end.unwrap();
    let messages = r#""messages":[{"role":"user","content":"Напиши \"привет\"."}]"#;
    assert_eq!(
        asked(&server),
        format!(
            r#"{{"model":"{MODEL}",{messages},"max_completion_tokens":2000,"stream":true,"stream_options":{{"include_usage":true}}}}"#
        )
    );
    let options = json!({ "include_usage": false, "include_obfuscation": false });
    hear_with(&*vendor, &json!({ "stream": true, "stream_options": options })).await.end.unwrap();
    let sent: serde_json::Value = serde_json::from_str(&asked(&server)).unwrap();
    assert_eq!(sent["stream_options"], json!({ "include_usage": true, "include_obfuscation": false }));
    // One that is answered in one piece has no options of a stream.
    let (server, vendor) = serve(openai, Answer::ok(COMPLETION)).await;
    complete_with(&*vendor, &json!({ "stream": true, "stream_options": options })).await.unwrap();
    let sent: serde_json::Value = serde_json::from_str(&asked(&server)).unwrap();
    assert_eq!((&sent["stream"], sent.get("stream_options")), (&json!(false), None));
}

#[tokio::test]
async fn settings_shape_the_request() {
    let server = serving(Answer::ok(COMPLETION)).await;
    let settings = OpenAiCompatibleSettings {
        organization: Some("org-1".to_owned()),
        project: Some("proj-1".to_owned()),
        limit_field: LimitField::MaxTokens,
        extra: serde_json::from_str(r#"{"top_k":1,"seed":2,"model":"x","stream":true}"#).unwrap(),
        timeouts: patient(),
        ..OpenAiCompatibleSettings::server("local", format!("{}/local/v1/", server.url()), Secret::default())
    };
    let vendor = OpenAiCompatible::new(settings, TestClock::new());
    assert_eq!(domain::gateway::Vendor::name(&vendor), "local");
    complete_with(&vendor, &json!({ "seed": 3 })).await.unwrap();
    let post = server.seen().remove(0);
    assert_eq!(post.path, "/local/v1/chat/completions");
    assert_eq!((post.header("openai-organization"), post.header("openai-project")), (Some("org-1"), Some("proj-1")));
    assert_eq!(post.header("authorization"), None);
    let messages = json!([{ "role": "user", "content": "Напиши \"привет\"." }]);
    assert_eq!(
        post.json(),
        json!({ "model": MODEL, "messages": messages, "seed": 3, "top_k": 1, "max_tokens": 2000, "stream": false })
    );
}

#[tokio::test]
async fn an_answer_comes_back_as_it_is() {
    let (_server, vendor) = serve(openai, Answer::ok(COMPLETION)).await;
    let answer = complete(&*vendor).await.unwrap();
    let (_, choices) = COMPLETION.split_once(r#""choices": "#).unwrap();
    let (choices, _) = choices.split_once(r#","usage""#).unwrap();
    assert_eq!(answer.choices.get(), choices);
    assert_eq!(answer.usage, Some(Usage { prompt: 20, completion: 42, cached: 5, reasoning: 7 }));
    assert_eq!(answer.written, 12 + 2 + 3 + 7);
    assert_eq!(
        serde_json::to_string(&answer.rest).unwrap(),
        r#"{"service_tier":"default","system_fingerprint":"fp_1","invented":[1, 2]}"#
    );
}

#[tokio::test]
async fn an_answer_may_lack_its_usage_but_not_its_choices() {
    let (_server, vendor) =
        serve(openai, Answer::ok(r#"{"choices":[{"message":{"content":"a"}}],"usage":{"prompt_tokens":1}}"#)).await;
    let answer = complete(&*vendor).await.unwrap();
    assert_eq!((answer.usage, answer.written), (None, 1));
    for broken in
        ["{}", r#"{"choices":null}"#, r#"{"choices":[]}"#, r#"{"choices":{}}"#, "<html>", "", r#"{"choices":[{"#]
    {
        let (_server, vendor) = serve(openai, Answer::ok(broken)).await;
        let error = complete(&*vendor).await.unwrap_err();
        assert!(matches!(error, ProviderError::Broken(_)), "{broken}: {error:?}");
    }
}

#[tokio::test]
async fn chunks_come_back_as_they_are() {
    let (_server, vendor) = serve(openai, Answer::ok(STREAM)).await;
    let heard = hear(&*vendor).await;
    heard.end.as_ref().unwrap();
    assert_eq!(
        heard.choices(),
        [
            r#"[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":"Привет"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":", мир 🙂"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":"!"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#,
        ]
    );
    assert_eq!(heard.chunks.iter().map(|chunk| chunk.written).collect::<Vec<_>>(), [0, 12, 13, 1, 0, 0]);
    assert_eq!(heard.finished(), 1);
    let last = heard.chunks.last().unwrap();
    assert!(last.choices.is_none());
    assert_eq!(last.usage, Some(Usage { prompt: 20, completion: 42, cached: 0, reasoning: 0 }));
}

#[tokio::test]
async fn the_rest_of_a_chunk_is_passed_on() {
    let stream = concat!(
        "data: {\"id\":\"x\",\"model\":\"m\",\"created\":1,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],",
        "\"service_tier\":\"default\",\"system_fingerprint\":null,\"obfuscation\":\"x\"}\n\ndata: [DONE]\n\n",
    );
    let (_server, vendor) = serve(openai, Answer::ok(stream)).await;
    let heard = hear(&*vendor).await;
    assert_eq!(serde_json::to_string(&heard.chunks[0].rest).unwrap(), r#"{"service_tier":"default"}"#);
}

#[tokio::test]
async fn the_usage_may_come_in_any_company() {
    let usage = r#""usage":{"prompt_tokens":20,"completion_tokens":42}"#;
    for (last, has_choices) in [
        (format!(r#"{{"choices":[],{usage}}}"#), false),
        (format!(r#"{{"choices":null,{usage}}}"#), false),
        (format!("{{{usage}}}"), false),
        (format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"stop"}}],{usage}}}"#), true),
    ] {
        let first = r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"#;
        let stream = format!("data: {{\"choices\":[]}}\n\ndata: {first}\n\ndata: {last}\n\ndata: [DONE]\n\n");
        let (_server, vendor) = serve(openai, Answer::ok(stream)).await;
        let heard = hear(&*vendor).await;
        heard.end.as_ref().unwrap();
        assert_eq!(heard.chunks.len(), 2, "{last}");
        assert_eq!(heard.chunks[1].choices.is_some(), has_choices, "{last}");
        // A finish reason that is repeated is not another choice.
        assert_eq!((heard.usage().unwrap().total(), heard.finished()), (62, 1), "{last}");
    }
}

#[tokio::test]
async fn the_last_usage_counts_and_odd_figures_cost_no_answer() {
    let chunk = |usage: &str| format!("data: {{\"choices\":[],\"usage\":{usage}}}\n\n");
    let answer = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    let (first, last) =
        (r#"{"prompt_tokens":1,"completion_tokens":1}"#, r#"{"prompt_tokens":20,"completion_tokens":42}"#);
    for (usages, total) in [(vec![first, last], Some(62)), (vec![r#"{"prompt_tokens":-1}"#], None)] {
        let usages: String = usages.into_iter().map(chunk).collect();
        let (_server, vendor) = serve(openai, Answer::ok(answer.to_owned() + &usages + "data: [DONE]\n\n")).await;
        let heard = hear(&*vendor).await;
        assert_eq!((heard.end.is_ok(), heard.usage().map(Usage::total)), (true, total));
    }
}

#[tokio::test]
async fn calls_of_tools_count_as_written() {
    let delta = |delta: &str| format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n");
    let stream = delta(
        r#"{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get","arguments":""}}]}"#,
    ) + &delta(r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":1}"}}]}"#)
        + &delta(r#"{"reasoning_content":"ab"}"#)
        + &delta(r#"{"refusal":"no"}"#)
        + "data: [DONE]\n\n";
    let (_server, vendor) = serve(openai, Answer::ok(stream)).await;
    let heard = hear(&*vendor).await;
    assert_eq!(heard.chunks.iter().map(|chunk| chunk.written).collect::<Vec<_>>(), [3, 7, 2, 2]);
}

#[tokio::test]
async fn a_stream_without_done_ends_once_every_choice_is_finished() {
    let finish = |index: u32| {
        format!(
            "data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"a\"}},\"finish_reason\":\"stop\"}}]}}\n\n"
        )
    };
    for (indices, whole) in [(vec![0, 1], true), (vec![0], false), (vec![0, 0], false)] {
        let stream: String = indices.iter().map(|&index| finish(index)).collect();
        for answer in [Answer::ok(&stream), Answer::ok(&stream).then_cut()] {
            let (_server, vendor) = serve(openai, answer).await;
            let request = super::request(&json!({ "n": 2 }));
            let heard = listen(vendor.stream(call(&request)).await.unwrap()).await;
            assert_eq!(heard.end.is_ok(), whole, "{indices:?}: {:?}", heard.end);
            assert_eq!(heard.chunks.len(), indices.len());
        }
    }
}

#[tokio::test]
async fn done_is_an_end_but_no_answer() {
    let piece = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
    let (_server, vendor) = serve(openai, Answer::ok(piece.to_owned() + "data: [DONE]")).await;
    let heard = hear(&*vendor).await;
    assert_eq!((heard.end.is_ok(), heard.finished(), heard.usage()), (true, 0, None));
    let (_server, vendor) = serve(openai, Answer::ok("data: [DONE]\n\n")).await;
    assert!(matches!(hear(&*vendor).await.end, Err(ProviderError::Broken(_))));
}

#[tokio::test]
async fn vectors_are_passed_on_in_both_directions() {
    let answer = concat!(
        r#"{"object":"list","data": [{"object":"embedding","index":0,"embedding":[0.10, -2e-3]}],"model":"m","#,
        r#""usage":{"prompt_tokens":8,"total_tokens":8}}"#
    );
    let (server, vendor) = serve(openai, Answer::ok(answer)).await;
    let body =
        json!({ "input": ["a", "b"], "model": "gateway/m", "dimensions": 2, "encoding_format": "float", "user": "u" });
    let vectors = embed(&*vendor, &body).await.unwrap();
    assert_eq!(vectors.data.get(), r#"[{"object":"embedding","index":0,"embedding":[0.10, -2e-3]}]"#);
    assert_eq!(vectors.prompt, Some(8));
    let post = server.seen().remove(0);
    assert_eq!(post.path, "/v1/embeddings");
    assert_eq!(
        post.body,
        r#"{"input":["a","b"],"model":"model-1","dimensions":2,"encoding_format":"float","user":"u"}"#
    );
    for (answer, prompt) in [(r#"{"data":[]}"#, Some(0)), (r#"{"data":[{"embedding":"AAAA"}]}"#, None)] {
        let (_server, vendor) = serve(openai, Answer::ok(answer)).await;
        assert_eq!(embed(&*vendor, &body).await.unwrap().prompt, prompt);
    }
    for broken in ["{}", r#"{"data":7}"#, "x"] {
        let (_server, vendor) = serve(openai, Answer::ok(broken)).await;
        assert!(matches!(embed(&*vendor, &body).await, Err(ProviderError::Broken(_))), "{broken}");
    }
}
