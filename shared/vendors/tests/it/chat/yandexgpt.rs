//! YandexGPT's protocol, translated.

use std::time::Duration;

use domain::gateway::{ProviderError, Usage};
use serde_json::json;

use super::{Heard, asked, call, complete, hear, hear_with, request, serve, yandexgpt};
use crate::fixtures::KEY;
use crate::server::Answer;
use crate::streams::yandexgpt::STREAM;

fn line(text: &str, status: &str) -> String {
    let message = json!({ "role": "assistant", "text": text });
    let usage =
        json!({ "inputTextTokens": "20", "completionTokens": text.chars().count().to_string(), "totalTokens": "0" });
    let status = format!("ALTERNATIVE_STATUS_{status}");
    let alternatives = json!([{ "message": message, "status": status }]);
    json!({ "result": { "alternatives": alternatives, "usage": usage } }).to_string() + "\n"
}

/// A stream of these texts.
async fn heard_of(texts: &[&str]) -> Heard {
    let (last, partial) = texts.split_last().unwrap();
    let stream: String = partial.iter().map(|text| line(text, "PARTIAL")).chain([line(last, "FINAL")]).collect();
    let (_server, vendor) = serve(yandexgpt, Answer::ok(stream)).await;
    let heard = hear(&*vendor).await;
    assert_eq!((&heard.end, heard.finished()), (&Ok(()), 1));
    heard
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let (server, vendor) = serve(yandexgpt, Answer::ok(STREAM)).await;
    let more = json!({ "temperature": 0.5, "user": "u", "stream": true, "messages": [
        { "role": "system", "content": "Ты редактор." },
        { "role": "user", "content": [{ "type": "text", "text": "При" }, { "type": "text", "text": "вет" }] },
        { "role": "assistant", "content": "Да?" },
        { "role": "developer", "content": "Кратко." },
    ] });
    hear_with(&*vendor, &more).await.end.unwrap();
    let post = server.seen().remove(0);
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/foundationModels/v1/completion"));
    assert_eq!(post.header("authorization"), Some(format!("Api-Key {KEY}").as_str()));
    assert_eq!(
        post.body,
        concat!(
            r#"{"modelUri":"gpt://b1g/model-1","completionOptions":{"stream":true,"temperature":0.5,"maxTokens":"2000"},"#,
            r#""messages":[{"role":"system","text":"Ты редактор."},{"role":"user","text":"Привет"},"#,
            r#"{"role":"assistant","text":"Да?"},{"role":"system","text":"Кратко."}]}"#
        )
    );
    let (server, vendor) = serve(yandexgpt, Answer::ok(line("a", "FINAL"))).await;
    let request = request(&json!({}));
    let mut call = call(&request);
    call.max_tokens.requested = None;
    vendor.complete(call).await.unwrap();
    assert!(asked(&server).contains(r#""completionOptions":{"stream":false}"#));
}

#[tokio::test]
async fn an_answer_is_in_openais_terms() {
    for (status, word) in [("FINAL", "stop"), ("TRUNCATED_FINAL", "length"), ("CONTENT_FILTER", "content_filter")] {
        let (_server, vendor) = serve(yandexgpt, Answer::ok(line("Привет", status))).await;
        let answer = complete(&*vendor).await.unwrap();
        assert_eq!(
            answer.choices.get(),
            format!(
                r#"[{{"index":0,"message":{{"role":"assistant","content":"Привет","refusal":null}},"logprobs":null,"finish_reason":"{word}"}}]"#
            )
        );
        assert_eq!(answer.usage, Some(Usage { prompt: 20, completion: 6, cached: 0, reasoning: 0 }));
        assert_eq!(answer.written, 12);
    }
    let without_usage = line("a", "FINAL").replace("usage", "used");
    let (_server, vendor) = serve(yandexgpt, Answer::ok(without_usage)).await;
    assert_eq!(complete(&*vendor).await.unwrap().usage, None);
    let nothing = r#"{"result":{"alternatives":[]}}"#.to_owned();
    for broken in [line("a", "PARTIAL"), line("a", "SOMETHING_NEW"), nothing, "7".to_owned(), String::new()] {
        let (_server, vendor) = serve(yandexgpt, Answer::ok(broken)).await;
        assert!(matches!(complete(&*vendor).await, Err(ProviderError::Broken(_))));
    }
}

#[tokio::test]
async fn a_stream_gives_what_is_new() {
    let (_server, vendor) = serve(yandexgpt, Answer::ok(STREAM)).await;
    let heard = hear(&*vendor).await;
    heard.end.as_ref().unwrap();
    assert_eq!(
        heard.choices(),
        [
            r#"[{"index":0,"delta":{"role":"assistant","content":"Привет"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":", мир 🙂"},"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":"!"},"finish_reason":"stop"}]"#,
        ]
    );
    assert_eq!(heard.usage(), Some(Usage { prompt: 20, completion: 42, cached: 0, reasoning: 0 }));
    assert_eq!((heard.written(), heard.finished()), (26, 1));
    let heard = heard_of(&["При", "При", "Привет", "Привет🙂"]).await;
    assert_eq!((heard.text().as_str(), heard.choices().len()), ("Привет🙂", 3));
    let heard = heard_of(&["", "", ""]).await;
    assert_eq!(heard.choices(), [r#"[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]"#]);
}

#[tokio::test]
async fn a_rewritten_text_is_told_beside_the_chunks() {
    // The two letters share their first byte: comparing bytes would cut a character in half.
    let heard = heard_of(&["Привет и", "Привет й", "Привет й все"]).await;
    assert_eq!((heard.text().as_str(), heard.usage().unwrap().completion), ("Привет и", 12));
    assert_eq!(rewritten(&heard), ["Привет й все"]);
    // A line that goes on from the given pieces after all is given out.
    let heard = heard_of(&["Привет", "При", "Прощай", "Привет, мир"]).await;
    assert_eq!((heard.text().as_str(), heard.usage().unwrap().completion), ("Привет, мир", 11));
    assert_eq!(rewritten(&heard), Vec::<&str>::new());
    let heard = heard_of(&["Привет", "При"]).await;
    assert_eq!((heard.text().as_str(), heard.written(), heard.usage().unwrap().completion), ("Привет", 12, 3));
    assert_eq!(rewritten(&heard), ["При"]);
}

/// The vendor's last words, where chunks do not say them.
fn rewritten(heard: &Heard) -> Vec<&str> {
    heard.chunks.iter().filter_map(|chunk| chunk.rewritten.as_deref()).collect()
}

#[tokio::test]
async fn statuses_end_a_stream() {
    for (status, word) in [("TRUNCATED_FINAL", "length"), ("CONTENT_FILTER", "content_filter")] {
        let stream = line("Привет", "PARTIAL") + &line("Привет", status) + &line("Привет и", "PARTIAL");
        let (_server, vendor) = serve(yandexgpt, Answer::ok(stream)).await;
        let heard = hear(&*vendor).await;
        assert_eq!((heard.text().as_str(), &heard.end), ("Привет", &Ok(())));
        assert!(heard.choices()[1].contains(&format!(r#""finish_reason":"{word}""#)));
        // What comes after the end adds nothing but figures.
        assert_eq!((heard.chunks.len(), heard.chunks[2].choices.is_none()), (3, true));
    }
    let (_server, vendor) = serve(yandexgpt, Answer::ok(line("Привет", "SOMETHING_NEW"))).await;
    assert!(matches!(hear(&*vendor).await.end, Err(ProviderError::Broken(_))));
}

#[tokio::test]
async fn errors_have_their_meaning() {
    let body = |grpc: u16, http: u16| {
        format!(
            r#"{{"error":{{"grpcCode":{grpc},"httpCode":{http},"message":"no","httpStatus":"Word","details":[]}}}}"#
        )
    };
    let bare = |code: u16| format!(r#"{{"code":{code},"message":"no","details":[]}}"#);
    let rejected = ProviderError::Rejected { message: "no".to_owned(), param: None, code: None };
    for (status, body, meaning) in [
        (400, body(3, 400), rejected.clone()),
        (400, bare(3), rejected),
        (401, body(16, 401), ProviderError::Misconfigured("401 Word: no".to_owned())),
        (403, bare(7), ProviderError::Misconfigured("403 no".to_owned())),
        (404, body(5, 404), ProviderError::Misconfigured("404 Word: no".to_owned())),
        (500, body(13, 500), ProviderError::Broken("500 Word: no".to_owned())),
        (402, body(9, 402), ProviderError::OutOfFunds),
    ] {
        let (_server, vendor) = serve(yandexgpt, Answer::status(status, &body)).await;
        assert_eq!(complete(&*vendor).await.unwrap_err(), meaning, "{body}");
        let (_server, vendor) = serve(yandexgpt, Answer::ok(&body)).await;
        assert_same(&complete(&*vendor).await.unwrap_err(), &meaning);
        let (_server, vendor) = serve(yandexgpt, Answer::ok(line("a", "PARTIAL") + &body)).await;
        let heard = hear(&*vendor).await;
        assert_eq!(heard.text(), "a");
        assert_same(&heard.end.unwrap_err(), &meaning);
    }
    let (_server, vendor) = serve(yandexgpt, Answer::status(429, body(8, 429)).header("retry-after", "2")).await;
    let wait = Some(Duration::from_secs(2));
    assert_eq!(complete(&*vendor).await.unwrap_err(), ProviderError::RateLimited { retry_after: wait });
    let (_server, vendor) = serve(yandexgpt, Answer::ok("{}\n")).await;
    assert_eq!(hear(&*vendor).await.end, Err(ProviderError::Broken("no message".to_owned())));
}

/// The same kind of error; the words for the log have the HTTP status where there was one.
fn assert_same(error: &ProviderError, meaning: &ProviderError) {
    assert_eq!(std::mem::discriminant(error), std::mem::discriminant(meaning), "{error:?} {meaning:?}");
}
