//! YandexART's protocol.

use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{Collected, ImageModel as _, ImageRequest, ImageStyle, Ordered};
use serde_json::{Value, json};
use vendors::image::YandexArt;

use super::{JPEG, JPEG_BASE64, assert_drawn, order_failure, request, serve, styled, ticket_of};
use crate::fixtures::{KEY, patient};
use crate::server::{Answer, Server};

const OPERATION: &str = "fbveu1sntj2kq3gl5vqb";

fn operation(fields: &Value) -> String {
    let mut operation = json!({
        "id": OPERATION, "description": "", "createdAt": null, "createdBy": "", "modifiedAt": null,
        "done": false, "metadata": null,
    });
    operation.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    operation.to_string()
}

fn done() -> Value {
    json!({
        "done": true,
        "response": {
            "@type": "type.googleapis.com/yandex.cloud.ai.foundation_models.v1.image_generation.ImageGenerationResponse",
            "image": JPEG_BASE64, "modelVersion": "18.01.2026",
        },
    })
}

async fn serve_model(answer: Answer) -> (Server, YandexArt) {
    let server = serve(answer).await;
    let model = super::yandexart(&server.url(), patient());
    (server, model)
}

async fn told(fields: &Value) -> Result<Collected, ProviderError> {
    let (_server, model) = serve_model(Answer::ok(operation(fields))).await;
    model.collect(OPERATION).await
}

#[tokio::test]
async fn the_order_is_as_documented() {
    let (server, model) = serve_model(Answer::ok(operation(&json!({})))).await;
    assert_eq!(model.provider(), ProviderId::YandexArt);
    assert_eq!(ticket_of(&model).await, OPERATION);
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/foundationModels/v1/imageGenerationAsync"));
    assert_eq!(post.header("authorization"), Some(format!("Api-Key {KEY}").as_str()));
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!(
        post.body,
        r#"{"modelUri":"art://b1g/yandex-art/latest","messages":[{"text":"Закат над \"морем\"","weight":"1"}],"#
            .to_owned()
            + r#""generationOptions":{"mimeType":"image/jpeg","aspectRatio":{"widthRatio":"2","heightRatio":"1"}}}"#
    );
}

#[tokio::test]
async fn styles_are_told_in_words_within_the_limit() {
    let (server, model) = serve_model(Answer::ok(operation(&json!({})))).await;
    model.order(&styled(ImageStyle::Anime)).await.unwrap();
    model.order(&ImageRequest { prompt: "море ".repeat(200), ..styled(ImageStyle::Uhd) }).await.unwrap();
    let texts: Vec<Value> = server.seen().iter().map(|post| post.json()["messages"][0]["text"].clone()).collect();
    assert_eq!(texts[0], "Закат над \"морем\". Стиль: аниме");
    let long = texts[1].as_str().unwrap();
    assert!(long.chars().count() <= 500 && long.ends_with("тонкие детали"), "{long}");
}

#[tokio::test]
async fn an_operation_is_asked_for_until_it_is_done() {
    let server = Server::start(|request, earlier| {
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/operations/fbveu1sntj2kq3gl5vqb"));
        assert_eq!(request.header("authorization"), Some(format!("Api-Key {KEY}").as_str()));
        Answer::ok(operation(&if earlier == 0 { json!({ "error": null }) } else { done() }))
    })
    .await;
    let model = super::yandexart(&server.url(), patient());
    assert_eq!(model.collect(OPERATION).await.unwrap(), Collected::Working);
    assert_drawn(model.collect(OPERATION).await);
    assert_drawn(model.collect(OPERATION).await);
}

#[tokio::test]
async fn an_operation_may_be_done_at_once() {
    let (_server, model) = serve_model(Answer::ok(operation(&done()))).await;
    assert_eq!(model.order(&request()).await.unwrap(), Ordered::Drawn(JPEG.to_vec()));
}

#[tokio::test]
async fn errors_of_an_operation_have_their_meaning() {
    let refusal = "it is not possible to generate an image from this request because it may violate the terms of use";
    for (done, code, message, meaning) in [
        (true, 3, refusal, "ContentRefused(\"the vendor's content filter\")"),
        (false, 3, refusal, "ContentRefused(\"the vendor's content filter\")"),
        (true, 3, "prompt is too long", "Rejected { message: \"prompt is too long\", param: None, code: None }"),
        (true, 7, "denied", "Misconfigured(\"denied\")"),
        (true, 16, "who", "Misconfigured(\"who\")"),
        (true, 8, "quota", "RateLimited { retry_after: None }"),
        (true, 13, "internal error", "Broken(\"internal error\")"),
        (true, 4, "deadline", "Broken(\"deadline\")"),
        (true, 99, "odd", "Broken(\"odd\")"),
    ] {
        let failure =
            told(&json!({ "done": done, "error": { "code": code, "message": message, "details": [] } })).await;
        assert_eq!(format!("{:?}", failure.unwrap_err()), meaning, "{code}");
    }
    for (fields, reason) in [
        (json!({ "done": true }), "failed: done without a picture"),
        (json!({ "done": true, "response": { "image": "PGh0bWw+" } }), "failed: the file is no picture"),
        (json!({ "error": { "code": 13, "message": format!("with {KEY}") } }), "failed: with ***"),
    ] {
        assert_eq!(told(&fields).await.unwrap_err().to_string(), reason);
    }
}

#[tokio::test]
async fn the_filter_may_refuse_the_order() {
    let refusal = "it is not possible to generate an image from this request because it may violate the terms of use";
    for body in [
        json!({ "error": refusal, "code": 3, "message": refusal, "details": [] }),
        json!({ "error": { "grpcCode": 3, "httpCode": 400, "message": refusal, "httpStatus": "Bad Request" } }),
    ] {
        let (_server, model) = serve_model(Answer::status(400, body.to_string())).await;
        let failure = order_failure(&model).await;
        assert!(matches!(failure, ProviderError::ContentRefused(_)), "{failure:?}");
    }
}

#[tokio::test]
async fn an_id_that_would_lead_elsewhere_is_broken() {
    let (_server, model) = serve_model(Answer::ok("{\"id\":\"../x\",\"done\":false}")).await;
    assert_eq!(order_failure(&model).await.to_string(), "failed: the vendor's id is not one");
}
