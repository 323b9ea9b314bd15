//! Stability AI's upscaler.

use domain::gateway::ProviderError;
use domain::generation::image::Upscaler as _;
use vendors::Secret;
use vendors::image::{Stability, StabilitySettings};

use super::JPEG;
use crate::fixtures::{KEY, TestClock, patient};
use crate::server::{Answer, Server};

async fn serve(answer: Answer) -> (Server, Stability) {
    let server = Server::start(move |_, _| answer.clone()).await;
    let settings = StabilitySettings {
        base_url: format!("{}/", server.url()),
        timeouts: patient(),
        ..StabilitySettings::new(Secret::new(KEY))
    };
    (server, Stability::new(settings, TestClock::new()))
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let (server, stability) = serve(Answer::ok(JPEG)).await;
    assert_eq!(stability.enlarge(b"the file".to_vec()).await.unwrap(), JPEG);
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/v2beta/stable-image/upscale/fast"));
    assert_eq!(post.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(post.header("accept"), Some("image/*"));
    assert!(post.header("content-type").is_some_and(|kind| kind.starts_with("multipart/form-data; boundary=")));
    assert!(
        post.body.contains("name=\"image\"; filename=\"picture.png\"\r\nContent-Type: image/png\r\n\r\nthe file\r\n")
    );
    assert!(post.body.contains("name=\"output_format\"\r\n\r\npng\r\n"), "{}", post.body);
}

#[tokio::test]
async fn failures_are_told_as_what_they_are() {
    for (status, meaning) in [
        (400, "Rejected {"),
        (402, "OutOfFunds"),
        (403, "ContentRefused"),
        (429, "RateLimited { retry_after: None }"),
        (500, "Broken("),
    ] {
        let body = r#"{"id":"a1b2","name":"bad_request","errors":["image: too small"]}"#;
        let (_server, stability) = serve(Answer::status(status, body)).await;
        let error = stability.enlarge(Vec::new()).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(meaning), "{error:?}");
    }
    let (_server, stability) = serve(Answer::ok("<html>")).await;
    assert!(matches!(stability.enlarge(Vec::new()).await, Err(ProviderError::Broken(_))));
}

#[tokio::test]
async fn only_what_the_vendor_takes_is_sent() {
    let (_server, stability) = serve(Answer::ok("")).await;
    for (size, scale, takes) in [
        ((1024, 1024), 4, true),
        ((1024, 1024), 2, true),
        ((1024, 1024), 8, false),
        ((1025, 1024), 4, false),
        ((1536, 682), 4, true),
        ((1537, 100), 4, false),
        ((31, 100), 4, false),
        ((100_000, 100_000), 4, false),
    ] {
        assert_eq!(stability.takes(size.0, size.1, scale), takes, "{size:?} x{scale}");
    }
}
