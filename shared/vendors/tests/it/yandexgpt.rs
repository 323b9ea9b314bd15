//! YandexGPT's protocol.

use domain::generation::ProviderId;
use domain::generation::text::{TextError, TextModel};
use serde_json::json;
use vendors::text::YandexGpt;

use crate::fixtures::{KEY, TEXT, ask, failure_of, patient, request, text_of, yandexgpt};
use crate::server::{Answer, Server};

/// Every line repeats the whole text so far; numbers are strings; the final line end is missing.
pub(crate) const STREAM: &str = concat!(
    "{\"result\":{\"alternatives\":[{\"message\":{\"role\":\"assistant\",\"text\":\"Привет\"},\"status\":\"ALTERNATIVE_STATUS_PARTIAL\"}],",
    "\"usage\":{\"inputTextTokens\":\"20\",\"completionTokens\":\"3\",\"totalTokens\":\"23\"},\"modelVersion\":\"18.01.2026\"}}\n",
    "{\"result\":{\"alternatives\":[{\"message\":{\"role\":\"assistant\",\"text\":\"Привет, мир 🙂\"},",
    "\"status\":\"ALTERNATIVE_STATUS_PARTIAL\"}]}}\r\n\r\n",
    "{\"result\":{\"alternatives\":[{\"message\":{\"role\":\"assistant\",\"text\":\"Привет, мир 🙂!\"},\"status\":\"ALTERNATIVE_STATUS_FINAL\"}],",
    "\"usage\":{\"inputTextTokens\":\"20\",\"completionTokens\":\"42\",\"totalTokens\":\"62\"},\"modelVersion\":\"18.01.2026\"}}\n\n",
);
pub(crate) const FINISHED_BY: &str = "\"totalTokens\":\"62\"},\"modelVersion\":\"18.01.2026\"}}";

fn line(text: &str, status: &str) -> String {
    let message = json!({ "role": "assistant", "text": text });
    let status = format!("ALTERNATIVE_STATUS_{status}");
    json!({ "result": { "alternatives": [{ "message": message, "status": status }] } }).to_string() + "\n"
}

async fn serve(answer: Answer) -> (Server, YandexGpt) {
    let server = Server::start(move |_, _| answer.clone()).await;
    let model = yandexgpt(&server.url(), patient());
    (server, model)
}

/// The returned text and the pieces of a stream of these texts.
async fn told(texts: &[&str]) -> (String, Vec<String>) {
    let (last, partial) = texts.split_last().unwrap();
    let stream: String = partial.iter().map(|text| line(text, "PARTIAL")).chain([line(last, "FINAL")]).collect();
    let (_server, model) = serve(Answer::ok(stream)).await;
    let (answer, pieces) = ask(&model, &request()).await;
    (answer.unwrap().text, pieces)
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let (server, model) = serve(Answer::ok(STREAM)).await;
    assert_eq!(model.provider(), ProviderId::YandexGpt);
    assert_eq!(text_of(&model).await.text, TEXT);
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/foundationModels/v1/completion"));
    assert_eq!(post.header("authorization"), Some(format!("Api-Key {KEY}").as_str()));
    assert_eq!(
        post.body,
        r#"{"modelUri":"gpt://b1g/yandexgpt/latest","completionOptions":{"stream":true,"temperature":0.7,"maxTokens":"2000"},"#
            .to_owned()
            + r#""messages":[{"role":"system","text":"Ты редактор."},{"role":"user","text":"Напиши \"привет\"."}]}"#
    );
}

#[tokio::test]
async fn an_empty_system_message_is_not_sent() {
    let (server, model) = serve(Answer::ok(STREAM)).await;
    let mut request = request();
    request.system.clear();
    ask(&model, &request).await.0.unwrap();
    assert_eq!(server.seen()[0].json()["messages"], json!([{ "role": "user", "text": "Напиши \"привет\"." }]));
}

#[tokio::test]
async fn only_what_is_new_is_given_out() {
    let (text, pieces) = told(&["При", "При", "Привет", "Привет🙂"]).await;
    assert_eq!((text.as_str(), pieces), ("Привет🙂", vec!["При".to_owned(), "вет".to_owned(), "🙂".to_owned()]));
}

#[tokio::test]
async fn a_rewritten_text_is_returned_as_the_vendor_ended_it() {
    // The two letters share their first byte: comparing bytes would cut a character in half.
    let (text, pieces) = told(&["Привет и", "Привет й", "Привет й все"]).await;
    assert_eq!((text.as_str(), pieces.concat().as_str()), ("Привет й все", "Привет и"));
    // A line that goes on from the given pieces after all is given out.
    let (text, pieces) = told(&["Привет", "При", "Прощай", "Привет, мир"]).await;
    assert_eq!((text.as_str(), pieces.concat().as_str()), ("Привет, мир", "Привет, мир"));
    let (text, pieces) = told(&["Привет", "При"]).await;
    assert_eq!((text.as_str(), pieces.concat().as_str()), ("При", "Привет"));
}

#[tokio::test]
async fn statuses_have_their_meaning() {
    let (_server, model) = serve(Answer::ok(line("Привет", "TRUNCATED_FINAL"))).await;
    let answer = text_of(&model).await;
    assert!(answer.truncated && answer.text == "Привет");
    let filtered = line("Привет", "PARTIAL") + &line("Давайте сменим тему", "CONTENT_FILTER");
    let (_server, model) = serve(Answer::ok(filtered)).await;
    let (answer, pieces) = ask(&model, &request()).await;
    assert!(matches!(answer, Err(TextError::ContentRefused)));
    assert_eq!(pieces, ["Привет"]);
    let (_server, model) = serve(Answer::ok(line("Привет", "SOMETHING_NEW"))).await;
    assert!(matches!(failure_of(&model).await, TextError::Broken(_)));
}

#[tokio::test]
async fn an_error_within_the_stream_is_broken() {
    for (error, told) in [
        (
            r#"{"error":{"grpcCode":13,"httpCode":500,"message":"internal","httpStatus":"Internal Server Error"}}"#,
            "Internal Server Error: internal",
        ),
        (r#"{"code":14,"message":"unavailable","details":[]}"#, "unavailable"),
        ("{}", "no message"),
    ] {
        let (_server, model) = serve(Answer::ok(format!("{}{error}\n", line("Привет", "PARTIAL")))).await;
        let (answer, pieces) = ask(&model, &request()).await;
        let Err(TextError::Broken(text)) = answer else { panic!("{answer:?}") };
        assert_eq!(text, told);
        assert_eq!(pieces, ["Привет"]);
    }
}

#[tokio::test]
async fn error_answers_have_their_meaning() {
    let body = r#"{"error":{"grpcCode":16,"httpCode":401,"message":"Unknown api key","httpStatus":"Unauthorized","details":[]}}"#;
    let (_server, model) = serve(Answer::status(401, body)).await;
    assert_eq!(failure_of(&model).await.to_string(), "request refused: 401 Unauthorized: Unknown api key");
    let body = r#"{"code":3,"message":"Specified folder ID does not match","details":[]}"#;
    let (_server, model) = serve(Answer::status(400, body)).await;
    assert_eq!(failure_of(&model).await.to_string(), "request refused: 400 Specified folder ID does not match");
    let body = r#"{"error":{"grpcCode":8,"httpCode":429,"message":"ai.textGenerationCompletionSessionsCount.count gauge quota limit exceed"}}"#;
    let (_server, model) = serve(Answer::status(429, body).header("retry-after", "2")).await;
    let error = failure_of(&model).await;
    assert!(matches!(error, TextError::RateLimited { retry_after: Some(wait) } if wait.as_secs() == 2), "{error:?}");
}
