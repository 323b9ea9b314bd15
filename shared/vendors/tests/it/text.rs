//! Plain texts from each vendor: the adapter over its recorded streams.

use domain::generation::text::{NoText, TextOutput, TextRequest, Tokens};
use domain::generation::{ProviderId, TextModel, TextModels};
use serde_json::{Value, json};

use crate::chat::every_vendor::{CASES, Case};
use crate::fixtures::{TEXT, TestClock, patient};
use crate::server::{Answer, Server};

const PROVIDERS: [ProviderId; 4] =
    [ProviderId::OpenAi, ProviderId::Anthropic, ProviderId::GigaChat, ProviderId::YandexGpt];

fn request() -> TextRequest {
    TextRequest {
        system: "Ты редактор.".to_owned(),
        prompt: "Напиши \"привет\".".to_owned(),
        max_output_tokens: 2000,
        temperature: 0.7,
    }
}

/// The model of a vendor that asks `server`.
fn models(case: &Case, server: &Server, send_temperature: bool) -> TextModels {
    let provider = PROVIDERS.into_iter().find(|provider| provider.as_str() == case.name).unwrap();
    let model = TextModel { provider, model: "model-1".to_owned(), send_temperature };
    TextModels::new(vec![(case.make)(&server.url(), patient())], vec![model], TestClock::new())
}

async fn write(models: &TextModels, request: &TextRequest) -> (Result<TextOutput, NoText>, Vec<String>) {
    let mut pieces = Vec::new();
    let written = models.write(&PROVIDERS, request, &mut |piece: &str| pieces.push(piece.to_owned())).await;
    (written.map(|(_, output)| output), pieces)
}

/// What comes of a stream.
async fn written(case: &Case, stream: &str) -> (Result<TextOutput, NoText>, Vec<String>) {
    let answer = Answer::ok(stream);
    let server = case.serve(move |_| answer.clone()).await;
    write(&models(case, &server, true), &request()).await
}

#[tokio::test]
async fn every_vendor_writes_the_text_in_pieces() {
    for case in CASES {
        let (output, pieces) = written(&case, case.stream).await;
        let tokens = Tokens { input: 20, output: 42, estimated: false };
        assert_eq!(output.unwrap(), TextOutput { text: TEXT.to_owned(), tokens, truncated: false }, "{}", case.name);
        assert_eq!(pieces, ["Привет", ", мир 🙂", "!"], "{}", case.name);
    }
}

#[tokio::test]
async fn missing_usage_is_estimated() {
    for case in CASES {
        let (output, _) = written(&case, &case.stream.replace("\"usage\":{", "\"used\":{")).await;
        assert_eq!(output.unwrap().tokens, Tokens::estimate(&request(), TEXT), "{}", case.name);
    }
}

#[tokio::test]
async fn an_answer_without_text_is_a_failure() {
    for case in CASES {
        let stream =
            ["Привет", ", мир 🙂", "!"].iter().fold(case.stream.to_owned(), |stream, piece| stream.replace(piece, ""));
        let (output, pieces) = written(&case, &stream).await;
        assert!(matches!(output, Err(NoText::Unavailable(_))), "{}: {output:?}", case.name);
        assert_eq!(pieces, Vec::<String>::new(), "{}", case.name);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_a_failure() {
    for case in CASES {
        let begun = &case.stream[..case.stream.find("мир").unwrap()];
        let (output, pieces) = written(&case, begun).await;
        assert!(matches!(output, Err(NoText::Unavailable(_))), "{}: {output:?}", case.name);
        assert_eq!(pieces, ["Привет"], "{}", case.name);
    }
}

#[tokio::test]
async fn filters_and_limits_end_a_text() {
    let words = [
        ("\"stop\"", "\"content_filter\"", "\"length\""),
        ("\"end_turn\"", "\"refusal\"", "\"max_tokens\""),
        ("\"stop\"", "\"blacklist\"", "\"length\""),
        ("STATUS_FINAL", "STATUS_CONTENT_FILTER", "STATUS_TRUNCATED_FINAL"),
    ];
    for (case, (finish, filtered, limited)) in CASES.into_iter().zip(words) {
        let (output, pieces) = written(&case, &case.stream.replace(finish, filtered)).await;
        assert!(matches!(output, Err(NoText::Unusable(_))), "{}: {output:?}", case.name);
        assert_eq!(pieces.concat(), TEXT, "{}", case.name);
        let (output, _) = written(&case, &case.stream.replace(finish, limited)).await;
        assert_eq!(output.map(|output| (output.text, output.truncated)).unwrap(), (TEXT.to_owned(), true));
    }
}

#[tokio::test]
async fn a_text_that_yandexgpt_rewrites_is_its_last_word() {
    let line = |text: &str, status: &str| {
        let alternative = json!({ "message": { "role": "assistant", "text": text }, "status": status });
        json!({ "result": { "alternatives": [alternative] } }).to_string() + "\n"
    };
    let [.., yandexgpt] = CASES;
    for (texts, text, given) in [
        (["Привет и", "Привет й", "Привет й все"], "Привет й все", "Привет и"),
        (["Привет", "Прощай", "Привет, мир"], "Привет, мир", "Привет, мир"),
        (["Привет", "Привет", "При"], "При", "Привет"),
    ] {
        let statuses = ["PARTIAL", "PARTIAL", "FINAL"].map(|status| format!("ALTERNATIVE_STATUS_{status}"));
        let stream: String = texts.iter().zip(&statuses).map(|(text, status)| line(text, status)).collect();
        let (output, pieces) = written(&yandexgpt, &stream).await;
        assert_eq!((output.unwrap().text.as_str(), pieces.concat().as_str()), (text, given));
    }
}

/// The body of the last request that the vendor got.
async fn sent(case: &Case, request: &TextRequest, send_temperature: bool) -> Value {
    let stream = case.stream;
    let server = case.serve(move |_| Answer::ok(stream)).await;
    write(&models(case, &server, send_temperature), request).await.0.unwrap();
    server.seen().pop().unwrap().json()
}

#[tokio::test]
async fn requests_are_streamed_with_limit_and_temperature() {
    let [openai, anthropic, gigachat, yandexgpt] = CASES;
    let messages =
        json!([{ "role": "system", "content": "Ты редактор." }, { "role": "user", "content": "Напиши \"привет\"." }]);
    assert_eq!(
        sent(&openai, &request(), true).await,
        json!({ "model": "model-1", "messages": messages, "stream": true, "stream_options": { "include_usage": true },
            "temperature": 0.7, "max_completion_tokens": 2000 })
    );
    let block = |text: &str| json!([{ "type": "text", "text": text }]);
    assert_eq!(
        sent(&anthropic, &request(), true).await,
        json!({ "model": "model-1", "max_tokens": 2000, "system": block("Ты редактор."), "stream": true, "temperature": 0.7,
            "messages": [{ "role": "user", "content": block("Напиши \"привет\".") }] })
    );
    assert_eq!(
        sent(&gigachat, &request(), true).await,
        json!({ "model": "model-1", "messages": messages, "stream": true, "temperature": 0.7, "max_tokens": 2000 })
    );
    assert_eq!(
        sent(&yandexgpt, &request(), true).await,
        json!({ "modelUri": "gpt://b1g/model-1",
            "completionOptions": { "stream": true, "temperature": 0.7, "maxTokens": "2000" },
            "messages": [{ "role": "system", "text": "Ты редактор." }, { "role": "user", "text": "Напиши \"привет\"." }] })
    );
}

#[tokio::test]
async fn an_empty_system_message_and_an_unwanted_temperature_are_not_sent() {
    let mut request = request();
    request.system.clear();
    for case in CASES {
        let body = sent(&case, &request, false).await;
        let options = body.get("completionOptions").unwrap_or(&body);
        assert_eq!((body.get("system"), options.get("temperature")), (None, None), "{}", case.name);
        let messages = body["messages"].as_array().unwrap();
        assert_eq!((messages.len(), &messages[0]["role"]), (1, &json!("user")), "{}", case.name);
    }
}

#[tokio::test]
async fn a_vendor_that_fails_is_followed_by_the_next() {
    let [openai, anthropic, ..] = CASES;
    let down = openai.serve(|_| Answer::status(500, "")).await;
    let up = anthropic.serve(move |_| Answer::ok(anthropic.stream)).await;
    let vendors = vec![(openai.make)(&down.url(), patient()), (anthropic.make)(&up.url(), patient())];
    let model = |provider| TextModel { provider, model: "model-1".to_owned(), send_temperature: true };
    let models = TextModels::new(vendors, PROVIDERS.map(model).into(), TestClock::new());
    let (provider, output) = models.write(&PROVIDERS, &request(), &mut |_| {}).await.unwrap();
    assert_eq!((provider, output.text.as_str(), down.seen().len()), (ProviderId::Anthropic, TEXT, 1));
}
