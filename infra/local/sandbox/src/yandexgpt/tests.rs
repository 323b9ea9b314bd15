//! The protocol, as a client sees it.

use serde_json::{Value, json};

use super::YANDEX_FOLDER;
use crate::model::tests::{Asked, Client, KEY};

const PATH: &str = "/yandexgpt/foundationModels/v1/completion";

async fn ask_at(path: &str, body: &Value) -> Asked {
    let authorization = format!("Api-Key {KEY}");
    Client::new().post(path, &[("authorization", &authorization)], body).await
}

async fn ask(body: &Value) -> Asked {
    ask_at(PATH, body).await
}

fn completion(model: &str, text: &str, options: &Value) -> Value {
    let uri = format!("gpt://{YANDEX_FOLDER}/{model}");
    json!({ "modelUri": uri, "completionOptions": options, "messages": [{ "role": "user", "text": text }] })
}

#[tokio::test]
async fn a_completion_has_the_vendors_shape() {
    let answer = ask(&completion("yandexgpt/latest", "Исправь ошибки: превет мир", &json!({}))).await.good();
    let usage = &answer["result"]["usage"];
    let message = json!({ "role": "assistant", "text": "привет мир" });
    assert_eq!(
        answer,
        json!({ "result": {
            "alternatives": [{ "message": message, "status": "ALTERNATIVE_STATUS_FINAL" }],
            "usage": {
                "inputTextTokens": usage["inputTextTokens"], "completionTokens": "3", "totalTokens": usage["totalTokens"],
                "completionTokensDetails": { "reasoningTokens": "0" },
            },
            "modelVersion": "sandbox",
        } })
    );
}

#[tokio::test]
async fn each_line_of_a_stream_has_the_whole_text_so_far() {
    let whole = ask(&completion("yandexgpt-lite/latest", "Привет!", &json!({}))).await.good();
    let text = ask(&completion("yandexgpt-lite/latest", "Привет!", &json!({ "stream": true }))).await.text();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<_> =
        lines.iter().map(|it| it["result"]["alternatives"][0]["message"]["text"].as_str().unwrap()).collect();
    assert!(texts.len() > 2 && texts.windows(2).all(|two| two[1].starts_with(two[0])), "{texts:?}");
    assert_eq!(lines.last().unwrap(), &whole);
    assert_eq!(lines[0]["result"]["alternatives"][0]["status"], "ALTERNATIVE_STATUS_PARTIAL");
}

#[tokio::test]
async fn a_limit_is_a_string() {
    let cut = completion("yandexgpt/latest", "Исправь ошибки: раз два три", &json!({ "maxTokens": "2" }));
    let alternative = &ask(&cut).await.good()["result"]["alternatives"][0];
    assert_eq!(
        (&alternative["message"]["text"], &alternative["status"]),
        (&json!("раз два"), &json!("ALTERNATIVE_STATUS_TRUNCATED_FINAL"))
    );
}

#[tokio::test]
async fn vectors_have_their_own_models() {
    let path = "/yandexgpt/foundationModels/v1/textEmbedding";
    let uri = |model: &str| format!("emb://{YANDEX_FOLDER}/{model}");
    let answer = ask_at(path, &json!({ "modelUri": uri("text-search-doc/latest"), "text": "Привет мир" })).await.good();
    assert_eq!((answer["embedding"].as_array().unwrap().len(), &answer["numTokens"]), (256, &json!("3")));
    assert_eq!(ask_at(path, &json!({ "modelUri": uri("none"), "text": "x" })).await.status, 400);
    assert_eq!(ask_at(path, &json!({ "modelUri": uri("text-search-doc/latest") })).await.status, 400);
}

#[tokio::test]
async fn the_key_is_checked() {
    let wrong = format!("Bearer {KEY}");
    for headers in [vec![], vec![("authorization", "Api-Key wrong")], vec![("authorization", wrong.as_str())]] {
        let asked = Client::new().post(PATH, &headers, completion("yandexgpt/latest", "x", &json!({}))).await;
        let (status, error) = (asked.status, &asked.json()["error"]);
        assert_eq!((status, &error["grpcCode"], &error["httpStatus"]), (401, &json!(16), &json!("Unauthorized")));
    }
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let good = completion("yandexgpt/latest", "x", &json!({}));
    for more in [
        json!({ "modelUri": "yandexgpt" }),
        json!({ "modelUri": "gpt://other/yandexgpt/latest" }),
        json!({ "modelUri": format!("gpt://{YANDEX_FOLDER}/gpt-4") }),
        json!({ "messages": [] }),
        json!({ "messages": [{ "role": "user", "text": "" }] }),
        json!({ "messages": [{ "role": "tool", "text": "x" }] }),
        json!({ "completionOptions": { "temperature": 2 } }),
        json!({ "completionOptions": { "maxTokens": "many" } }),
    ] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let asked = ask(&body).await;
        assert_eq!((asked.status, &asked.json()["error"]["grpcCode"]), (400, &json!(3)), "{more}");
    }
}

#[tokio::test]
async fn models_have_their_faults() {
    for (model, status) in [("sandbox-500", 500), ("sandbox-429", 429), ("sandbox-quota", 402)] {
        assert_eq!(ask(&completion(model, "x", &json!({}))).await.status, status, "{model}");
    }
    let stream = json!({ "stream": true });
    let long = "Расскажи про море, корабли, ветер и парус";
    assert!(ask(&completion("sandbox-half-stream", long, &stream)).await.body.is_err());
    let failed = ask(&completion("sandbox-stream-error", long, &stream)).await.text();
    let last: Value = serde_json::from_str(failed.lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["grpcCode"], 13);
    assert!(!ask(&completion("sandbox-no-usage", long, &stream)).await.text().contains("usage"));
}
