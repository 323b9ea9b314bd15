//! OpenAI's image protocol.

use domain::gateway::ProviderError;
use domain::generation::ProviderId;
use domain::generation::image::{ImageModel as _, ImageRequest, ImageStyle, Ordered};
use serde_json::json;
use vendors::Secret;
use vendors::image::{OpenAiImages, OpenAiImagesSettings};

use super::{JPEG, JPEG_BASE64, order_failure, request, serve, styled};
use crate::fixtures::{KEY, TestClock, patient};
use crate::server::{Answer, Server};

fn drawing() -> String {
    json!({
        "created": 1_768_996_176, "background": "opaque", "output_format": "png", "quality": "medium", "size": "1536x1024",
        "data": [{ "b64_json": JPEG_BASE64 }],
        "usage": { "input_tokens": 20, "output_tokens": 1056, "total_tokens": 1076 },
    })
    .to_string()
}

async fn serve_model(answer: Answer) -> (Server, OpenAiImages) {
    let server = serve(answer).await;
    let model = super::openai(&server.url(), patient());
    (server, model)
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let (server, model) = serve_model(Answer::ok(drawing())).await;
    assert_eq!(model.provider(), ProviderId::OpenAi);
    assert_eq!(model.order(&request()).await.unwrap(), Ordered::Drawn(JPEG.to_vec()));
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/v1/images/generations"));
    assert_eq!(post.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!(post.body, r#"{"model":"gpt-image-1-mini","prompt":"Закат над \"морем\"","n":1,"size":"1536x1024"}"#);
}

#[tokio::test]
async fn settings_and_styles_shape_the_request() {
    let server = Server::start(|_, _| Answer::ok(drawing())).await;
    let settings = OpenAiImagesSettings {
        base_url: format!("{}/local/v1/", server.url()),
        free_sizes: true,
        ..OpenAiImagesSettings::new(Secret::default(), "flux")
    };
    let model = OpenAiImages::new(settings, TestClock::new());
    model.order(&ImageRequest { prompt: "A cat".to_owned(), ..styled(ImageStyle::Uhd) }).await.unwrap();
    let post = server.seen().remove(0);
    assert_eq!((post.path.as_str(), post.header("authorization")), ("/local/v1/images/generations", None));
    assert_eq!(
        post.json(),
        json!({
            "model": "flux", "n": 1, "size": "2048x1024",
            "prompt": "A cat. Style: high-resolution photograph, fine detail",
        })
    );
}

#[tokio::test]
async fn refusals_and_money_are_told_by_words() {
    for (status, code, kind, meaning) in [
        (400, "moderation_blocked", "image_generation_user_error", "ContentRefused(\"no\")"),
        (400, "content_policy_violation", "invalid_request_error", "ContentRefused(\"no\")"),
        (429, "insufficient_quota", "insufficient_quota", "OutOfFunds"),
        (429, "project_spend_limit_exceeded", "billing", "OutOfFunds"),
        (400, "billing_not_active", "invalid_request_error", "OutOfFunds"),
        (429, "rate_limit_exceeded", "requests", "RateLimited { retry_after: Some(5s) }"),
        (
            400,
            "invalid_value",
            "invalid_request_error",
            "Rejected { message: \"no\", param: None, code: Some(\"invalid_value\") }",
        ),
    ] {
        let body = json!({ "error": { "message": "no", "type": kind, "param": null, "code": code } }).to_string();
        let (_server, model) = serve_model(Answer::status(status, body).header("retry-after", "5")).await;
        assert_eq!(format!("{:?}", order_failure(&model).await), meaning);
    }
}

#[tokio::test]
async fn an_answer_without_the_file_itself_is_broken() {
    for answer in ["{\"data\":[{\"url\":\"https://cdn/1.png\"}]}", "{\"data\":[{\"b64_json\":\"PGh0bWw+\"}]}"] {
        let (_server, model) = serve_model(Answer::ok(answer)).await;
        assert!(matches!(order_failure(&model).await, ProviderError::Broken(_)), "{answer}");
    }
}

#[tokio::test]
async fn there_are_no_tickets() {
    let (server, model) = serve_model(Answer::ok(drawing())).await;
    assert!(matches!(super::collect_failure(&model).await, ProviderError::UnknownTicket));
    assert!(server.seen().is_empty());
}
