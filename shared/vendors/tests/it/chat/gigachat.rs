//! GigaChat's protocol, translated.

use domain::gateway::{ProviderError, Usage};
use serde_json::json;

use super::{asked, complete, embed, gigachat, hear, hear_with, serve};
use crate::fixtures::{KEY, TOKEN, TOKEN_PATH};
use crate::server::Answer;
use crate::streams::gigachat::STREAM;

const COMPLETION: &str = concat!(
    r#"{"choices":[{"message":{"content":"Привет","role":"assistant"},"index":0,"finish_reason":"stop"}],"created":1768996176,"#,
    r#""model":"GigaChat:2.0.28.2","object":"chat.completion","#,
    r#""usage":{"prompt_tokens":20,"completion_tokens":42,"total_tokens":62,"precached_prompt_tokens":2}}"#
);

#[tokio::test]
async fn both_requests_are_as_documented() {
    let (server, vendor) = serve(gigachat, Answer::ok(STREAM)).await;
    let more = json!({ "temperature": 0.5, "top_p": 0.9, "user": "u", "stream": true, "messages": [
        { "role": "user", "content": "Привет" },
        { "role": "developer", "content": "Один" },
        { "role": "assistant", "content": [{ "type": "text", "text": "Да" }, { "type": "text", "text": "?" }] },
        { "role": "system", "content": "Два" },
    ] });
    hear_with(&*vendor, &more).await.end.unwrap();
    let seen = server.seen();
    let [token, chat] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((token.path.as_str(), token.body.as_str()), (TOKEN_PATH, "scope=GIGACHAT_API_PERS"));
    assert_eq!(token.header("authorization"), Some(format!("Basic {KEY}").as_str()));
    assert_eq!((chat.method.as_str(), chat.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(chat.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(chat.header("accept"), Some("text/event-stream"));
    assert_eq!(
        chat.body,
        concat!(
            r#"{"model":"model-1","messages":[{"role":"system","content":"Один\n\nДва"},{"role":"user","content":"Привет"},"#,
            r#"{"role":"assistant","content":"Да?"}],"stream":true,"temperature":0.5,"top_p":0.9,"max_tokens":2000}"#
        )
    );
}

#[tokio::test]
async fn an_answer_is_in_openais_terms() {
    let (server, vendor) = serve(gigachat, Answer::ok(COMPLETION)).await;
    let answer = complete(&*vendor).await.unwrap();
    assert_eq!(
        answer.choices.get(),
        r#"[{"index":0,"message":{"role":"assistant","content":"Привет","refusal":null},"logprobs":null,"finish_reason":"stop"}]"#
    );
    // The vendor's figure leaves out what its cache had.
    assert_eq!(answer.usage, Some(Usage { prompt: 22, completion: 42, cached: 2, reasoning: 0 }));
    assert_eq!(answer.written, 12);
    assert_eq!(server.seen()[1].header("accept"), Some("application/json"));
    assert!(asked(&server).contains(r#""stream":false"#));
}

#[tokio::test]
async fn a_stream_is_in_openais_terms() {
    let (_server, vendor) = serve(gigachat, Answer::ok(STREAM)).await;
    let heard = hear(&*vendor).await;
    heard.end.as_ref().unwrap();
    assert_eq!(
        heard.choices(),
        [
            r#"[{"index":0,"delta":{"role":"assistant","content":"Привет"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":", мир 🙂"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":"!"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{},"finish_reason":"stop"}]"#,
        ]
    );
    assert_eq!((heard.written(), heard.finished()), (26, 1));
    assert_eq!(heard.usage(), Some(Usage { prompt: 22, completion: 42, cached: 2, reasoning: 0 }));
}

#[tokio::test]
async fn finish_reasons_have_their_meaning() {
    for (reason, word) in [("length", "length"), ("blacklist", "content_filter"), ("something_new", "stop")] {
        let stream = STREAM.replace("\"stop\"", &format!("\"{reason}\""));
        let (_server, vendor) = serve(gigachat, Answer::ok(stream)).await;
        let heard = hear(&*vendor).await;
        assert_eq!(heard.end, Ok(()));
        assert!(heard.choices()[3].contains(&format!(r#""finish_reason":"{word}""#)));
        let body = COMPLETION.replace("\"stop\"", &format!("\"{reason}\""));
        let (_server, vendor) = serve(gigachat, Answer::ok(body)).await;
        assert!(complete(&*vendor).await.unwrap().choices.get().contains(&format!(r#""finish_reason":"{word}""#)));
    }
    let (_server, vendor) = serve(gigachat, Answer::ok(STREAM.replace("\"stop\"", "\"error\""))).await;
    assert!(matches!(hear(&*vendor).await.end, Err(ProviderError::Broken(_))));
    for broken in [COMPLETION.replace("\"stop\"", "\"error\""), COMPLETION.replace("\"stop\"", "null"), "{}".to_owned()]
    {
        let (_server, vendor) = serve(gigachat, Answer::ok(broken)).await;
        assert!(matches!(complete(&*vendor).await, Err(ProviderError::Broken(_))));
    }
}

#[tokio::test]
async fn errors_have_their_meaning() {
    let body = |status: u16| format!(r#"{{"status":{status},"message":"no"}}"#);
    let rejected = ProviderError::Rejected { message: "no".to_owned(), param: None, code: None };
    for (status, meaning, within_stream) in [
        (400, rejected.clone(), rejected.clone()),
        (422, rejected.clone(), rejected),
        (402, ProviderError::OutOfFunds, ProviderError::OutOfFunds),
        (404, ProviderError::Misconfigured("404 no".to_owned()), ProviderError::Misconfigured("no".to_owned())),
        (429, ProviderError::RateLimited { retry_after: None }, ProviderError::RateLimited { retry_after: None }),
        (500, ProviderError::Broken("500 no".to_owned()), ProviderError::Broken("no".to_owned())),
    ] {
        let (_server, vendor) = serve(gigachat, Answer::status(status, body(status))).await;
        assert_eq!(complete(&*vendor).await.unwrap_err(), meaning);
        let (_server, vendor) = serve(gigachat, Answer::ok(body(status))).await;
        assert_eq!(complete(&*vendor).await.unwrap_err(), within_stream);
        let stream =
            format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}]}}\n\ndata: {}\n\n", body(status));
        let (_server, vendor) = serve(gigachat, Answer::ok(stream)).await;
        let heard = hear(&*vendor).await;
        assert_eq!((heard.text().as_str(), heard.end), ("a", Err(within_stream)));
    }
}

#[tokio::test]
async fn vectors_tell_their_tokens_one_by_one() {
    let answer = concat!(
        r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1],"usage":{"prompt_tokens":6}},"#,
        r#"{"object":"embedding","index":1,"embedding":[0.2],"usage":{"prompt_tokens":7}}],"model":"Embeddings"}"#
    );
    let (server, vendor) = serve(gigachat, Answer::ok(answer)).await;
    let vectors =
        embed(&*vendor, &json!({ "model": "m", "input": ["a", "b"], "encoding_format": "float", "user": "u" }))
            .await
            .unwrap();
    assert_eq!(vectors.prompt, Some(13));
    assert!(vectors.data.get().starts_with(r#"[{"object":"embedding","index":0"#));
    assert_eq!(server.seen()[1].path, "/v1/embeddings");
    assert_eq!(asked(&server), r#"{"model":"model-1","input":["a","b"]}"#);
    for (body, param) in [
        (json!({ "model": "m", "input": [1, 2] }), "input"),
        (json!({ "model": "m", "input": "a", "dimensions": 2 }), "dimensions"),
        (json!({ "model": "m", "input": "a", "encoding_format": "base64" }), "encoding_format"),
    ] {
        let error = embed(&*vendor, &body).await.unwrap_err();
        assert!(matches!(&error, ProviderError::Unsupported { param: told, .. } if told == param), "{error:?}");
    }
    assert_eq!(server.seen().len(), 2);
}
