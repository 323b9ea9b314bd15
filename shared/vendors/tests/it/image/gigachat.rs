//! GigaChat's way of drawing.

use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{ImageModel as _, ImageStyle};
use serde_json::{Value, json};
use vendors::image::GigaChatImages;

use super::{JPEG, TICKET, asked, assert_drawn, order_failure, serve, styled, ticket_of};
use crate::fixtures::{TOKEN, TOKEN_PATH, patient};
use crate::server::{Answer, Server};

fn completion(content: &Value, finish_reason: &str) -> String {
    json!({
        "choices": [{
            "message": { "content": content, "role": "assistant", "data_for_context": [] },
            "index": 0, "finish_reason": finish_reason,
        }],
        "created": 1_768_996_176, "model": "GigaChat:2.0.28.2", "object": "chat.completion",
        "usage": { "prompt_tokens": 20, "completion_tokens": 42, "total_tokens": 62 },
    })
    .to_string()
}

fn drawing() -> String {
    completion(&json!(format!("<img src=\"{TICKET}\" fuse=\"true\"/> — вот ваш закат.")), "stop")
}

async fn serve_model(answer: Answer) -> (Server, GigaChatImages) {
    let server = serve(answer).await;
    let model = super::gigachat(&server.url(), patient());
    (server, model)
}

#[tokio::test]
async fn the_order_is_as_documented() {
    let (server, model) = serve_model(Answer::ok(drawing())).await;
    assert_eq!(model.provider(), ProviderId::GigaChat);
    assert_eq!(ticket_of(&model).await, TICKET);
    let asked = asked(&server);
    let [chat] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((chat.method.as_str(), chat.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(chat.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(
        chat.body,
        r#"{"model":"GigaChat-2","messages":[{"role":"user","content":"Нарисуй: Закат над \"морем\""}],"#.to_owned()
            + r#""function_call":"auto"}"#
    );
    assert_eq!(server.seen().len(), 2, "and the token");
}

#[tokio::test]
async fn styles_are_told_in_words() {
    let (server, model) = serve_model(Answer::ok(drawing())).await;
    model.order(&styled(ImageStyle::Anime)).await.unwrap();
    let content = asked(&server)[0].json()["messages"][0]["content"].clone();
    assert_eq!(content, "Нарисуй: Закат над \"морем\". Стиль: аниме");
}

#[tokio::test]
async fn the_file_is_fetched_as_bytes() {
    let (server, model) = serve_model(Answer::ok(JPEG)).await;
    assert_drawn(model.collect(TICKET).await);
    let asked = asked(&server);
    let [get] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((get.method.as_str(), get.path.clone()), ("GET", format!("/v1/files/{TICKET}/content")));
    assert_eq!(get.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_drawn(model.collect(TICKET).await);
    assert_eq!(server.seen().len(), 3, "one token serves both");
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = Server::start(|request, earlier| {
        let authorization = request.header("authorization").unwrap();
        match request.path.as_str() {
            TOKEN_PATH => Answer::ok(format!("{{\"access_token\":\"token-{earlier}\",\"expires_at\":1768997975000}}")),
            _ if authorization.ends_with("token-0") => Answer::status(401, "{\"message\":\"Token has expired\"}"),
            path if path.ends_with("/content") => Answer::ok(JPEG),
            _ => Answer::ok(drawing()),
        }
    })
    .await;
    let model = super::gigachat(&server.url(), patient());
    assert_eq!(ticket_of(&model).await, TICKET);
    assert_drawn(model.collect(TICKET).await);
    assert_eq!(asked(&server).len(), 3, "refused, repeated, fetched");
}

#[tokio::test]
async fn an_answer_without_a_picture_is_a_refusal() {
    for answer in [
        completion(&json!("Давайте сменим тему."), "stop"),
        completion(&json!("Не люблю менять тему разговора"), "blacklist"),
        completion(&json!(""), "blacklist"),
        completion(&Value::Null, "stop"),
    ] {
        let (_server, model) = serve_model(Answer::ok(answer)).await;
        let failure = order_failure(&model).await;
        assert!(matches!(failure, ProviderError::ContentRefused(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_an_error_is_broken() {
    let (_server, model) = serve_model(Answer::ok(completion(&json!(""), "error"))).await;
    assert!(matches!(order_failure(&model).await, ProviderError::Broken(_)));
    let elsewhere = completion(&json!("<img src=\"../models\" fuse=\"true\"/>"), "stop");
    let (_server, model) = serve_model(Answer::ok(elsewhere)).await;
    assert_eq!(order_failure(&model).await.to_string(), "failed: the vendor's id is not one");
}

#[tokio::test]
async fn a_file_that_is_no_picture_is_broken() {
    let (_server, model) = serve_model(Answer::ok("{\"status\":500}")).await;
    assert_eq!(super::collect_failure(&model).await.to_string(), "failed: the file is no picture");
}
