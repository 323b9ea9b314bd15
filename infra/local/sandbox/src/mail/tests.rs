//! The mailbox through its router.

use axum::body::Body as HttpBody;
use axum::http::{Request as HttpRequest, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt as _;

use super::*;

fn mailbox() -> Router {
    router(Options::new("key", Duration::ZERO, Arc::new(|| 1_768_478_400)))
}

async fn call(router: &Router, method: &str, path: &str, key: &str, body: String) -> (StatusCode, String) {
    let request = HttpRequest::builder().method(method).uri(path).header("x-api-key", key);
    let response = router.clone().oneshot(request.body(HttpBody::from(body)).unwrap()).await.unwrap();
    let status = response.status();
    let text = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(text.to_vec()).unwrap())
}

fn message(to: &str, key: &str) -> String {
    json!({ "message": {
        "recipients": [{ "email": to }], "body": { "plaintext": "Здравствуйте, <b>мир</b>!" }, "subject": "Проверка & связь",
        "from_email": "noreply@example.com", "from_name": "Easy Writer", "track_links": 0, "idempotence_key": key
    }})
    .to_string()
}

const SEND: &str = "/unisender/ru/transactional/api/v1/email/send.json";

#[tokio::test]
async fn a_letter_arrives_once_and_can_be_read() {
    let mailbox = mailbox();
    for _ in 0..2 {
        let (status, text) = call(&mailbox, "POST", SEND, "key", message("user@example.com", "k1")).await;
        assert_eq!(status, StatusCode::OK);
        let answer: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&answer["status"], &answer["emails"]), (&json!("success"), &json!(["user@example.com"])));
    }
    let (_, letters) = call(&mailbox, "GET", "/mailbox/letters.json", "", String::new()).await;
    let letters: Value = serde_json::from_str(&letters).unwrap();
    assert_eq!(letters.as_array().unwrap().len(), 1);
    assert_eq!(letters[0]["from"], "Easy Writer <noreply@example.com>");
    let (_, list) = call(&mailbox, "GET", "/mailbox", "", String::new()).await;
    assert!(list.contains("Проверка &amp; связь") && list.contains("/mailbox/1"), "{list}");
    let (_, letter) = call(&mailbox, "GET", "/mailbox/1", "", String::new()).await;
    assert!(letter.contains("&lt;b&gt;мир&lt;/b&gt;") && !letter.contains("<b>"), "{letter}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_as_the_vendor_tells_it() {
    let mailbox = mailbox();
    assert_eq!(call(&mailbox, "POST", SEND, "wrong", message("a@b.ru", "k")).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(call(&mailbox, "POST", SEND, "key", "{".to_owned()).await.0, StatusCode::BAD_REQUEST);
    let (status, text) = call(&mailbox, "POST", SEND, "key", message("nowhere", "k")).await;
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &answer["failed_emails"]), (StatusCode::OK, &json!({ "nowhere": "invalid" })));
    assert_eq!(call(&mailbox, "GET", "/mailbox/7", "", String::new()).await.0, StatusCode::NOT_FOUND);
    let (_, list) = call(&mailbox, "GET", "/mailbox", "", String::new()).await;
    assert!(list.contains("Писем пока нет"));
}
