//! Errors of OpenAI's protocol.

use std::time::Duration;

use domain::gateway::{ProviderError, Vendor};
use serde_json::json;
use vendors::Secret;
use vendors::chat::{OpenAiCompatible, OpenAiCompatibleSettings};

use super::{call, complete, embed, hear, openai, request, serve};
use crate::fixtures::{KEY, TestClock};
use crate::server::Answer;

/// The same error of a whole answer, of a stream, and of vectors.
async fn failures(answer: Answer) -> ProviderError {
    let (_server, vendor) = serve(openai, answer).await;
    let error = complete(&*vendor).await.unwrap_err();
    let request = request(&json!({}));
    let Err(of_stream) = vendor.stream(call(&request)).await else { panic!("a stream in place of {error:?}") };
    assert_eq!(of_stream, error);
    assert_eq!(embed(&*vendor, &json!({ "model": "m", "input": "a" })).await.unwrap_err(), error);
    error
}

#[tokio::test]
async fn too_many_requests_may_mean_money() {
    for body in [
        r#"{"error":{"message":"quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        r#"{"error":{"message":"quota","type":"insufficient_quota","code":null}}"#,
        r#"{"error":{"message":"spent","type":"billing","code":"project_spend_limit_exceeded"}}"#,
    ] {
        assert_eq!(failures(Answer::status(429, body).header("retry-after", "5")).await, ProviderError::OutOfFunds);
    }
    assert_eq!(failures(Answer::status(402, "")).await, ProviderError::OutOfFunds);
    let rate = r#"{"error":{"message":"slow","type":"requests","code":"rate_limit_exceeded"}}"#;
    let error = failures(Answer::status(429, rate).header("retry-after", "5")).await;
    assert_eq!(error, ProviderError::RateLimited { retry_after: Some(Duration::from_secs(5)) });
    assert_eq!(failures(Answer::status(429, "")).await, ProviderError::RateLimited { retry_after: None });
}

#[tokio::test]
async fn a_wrong_request_is_told_in_the_vendors_words() {
    let body = json!({ "error": { "message": format!("Too long {KEY}"), "type": "invalid_request_error", "param": "messages",
        "code": "context_length_exceeded" } });
    for status in [400, 413, 422] {
        assert_eq!(
            failures(Answer::status(status, body.to_string())).await,
            ProviderError::Rejected {
                message: "Too long ***".to_owned(),
                param: Some("messages".to_owned()),
                code: Some("context_length_exceeded".to_owned()),
            }
        );
    }
    let ProviderError::Rejected { message, param, code } = failures(Answer::status(422, "x".repeat(1000))).await else {
        panic!()
    };
    assert_eq!((message.chars().count(), param, code), (301, None, None));
    let error = failures(Answer::status(400, "")).await;
    assert_eq!(error.to_string(), "request rejected: Поставщик модели отклонил запрос (400)");
}

#[tokio::test]
async fn what_is_ours_to_mend_is_misconfigured() {
    let body = format!(r#"{{"error":{{"message":"Incorrect API key provided: {KEY}.","code":"invalid_api_key"}}}}"#);
    for status in [401, 403, 404, 400, 302, 405] {
        let error = failures(Answer::status(status, &body).header("x-request-id", "req_1")).await;
        let told = format!("misconfigured: {status} invalid_api_key: Incorrect API key provided: ***. (request req_1)");
        assert_eq!(error.to_string(), told);
    }
    let model = r#"{"error":{"message":"The model does not exist","code":"model_not_found"}}"#;
    assert!(matches!(failures(Answer::status(404, model)).await, ProviderError::Misconfigured(_)));
    for (base_url, key) in [("no such url", KEY), ("http://127.0.0.1:1", "two\nlines")] {
        let settings = OpenAiCompatibleSettings::server("x", base_url, Secret::new(key));
        let vendor = OpenAiCompatible::new(settings, TestClock::new());
        let error = vendor.complete(call(&request(&json!({})))).await.unwrap_err();
        assert!(matches!(error, ProviderError::Misconfigured(_)) && !error.to_string().contains("lines"), "{error:?}");
    }
}

#[tokio::test]
async fn the_filter_may_refuse_the_question() {
    let body = r#"{"error":{"message":"filtered","type":null,"code":"content_filter"}}"#;
    assert_eq!(failures(Answer::status(400, body)).await, ProviderError::ContentRefused("filtered".to_owned()));
}

#[tokio::test]
async fn outages_are_broken() {
    for status in [408, 409, 425, 500, 502, 503, 504] {
        let error = failures(Answer::status(status, r#"{"error":{"message":"oops"}}"#)).await;
        assert_eq!(error, ProviderError::Broken(format!("{status} oops")));
    }
}

#[tokio::test]
async fn an_error_in_place_of_an_answer_is_an_error_whatever_the_status() {
    for (body, meaning) in [
        (
            r#"{"error":{"message":"no memory","type":"server_error"}}"#,
            ProviderError::Broken("server_error: no memory".to_owned()),
        ),
        (r#"{"error":{"message":"q","code":"insufficient_quota"}}"#, ProviderError::OutOfFunds),
        (r#"{"error":{"message":"q","code":429}}"#, ProviderError::RateLimited { retry_after: None }),
        (r#"{"object":"error","message":"no memory","code":500}"#, ProviderError::Broken("no memory".to_owned())),
    ] {
        let (_server, vendor) = serve(openai, Answer::ok(body)).await;
        assert_eq!(complete(&*vendor).await.unwrap_err(), meaning, "{body}");
        let vectors = embed(&*vendor, &json!({ "model": "m", "input": "a" })).await;
        assert_eq!(vectors.unwrap_err(), meaning, "{body}");
    }
}

#[tokio::test]
async fn an_error_within_the_stream_has_its_meaning() {
    let piece = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
    for (error, meaning) in [
        (
            format!(r#"{{"error":{{"message":"overloaded {KEY}","type":"server_error","code":503}}}}"#),
            ProviderError::Broken("server_error: overloaded ***".to_owned()),
        ),
        (r#"{"error":{"message":"q","type":"insufficient_quota"}}"#.to_owned(), ProviderError::OutOfFunds),
        (
            r#"{"error":{"message":"q","type":"requests","code":"rate_limit_exceeded"}}"#.to_owned(),
            ProviderError::RateLimited { retry_after: None },
        ),
        (
            r#"{"error":{"message":"f","code":"content_filter"}}"#.to_owned(),
            ProviderError::ContentRefused("f".to_owned()),
        ),
        (
            r#"{"error":{"message":"bad","type":"invalid_request_error","param":"p"}}"#.to_owned(),
            ProviderError::Rejected { message: "bad".to_owned(), param: Some("p".to_owned()), code: None },
        ),
        (
            r#"{"object":"error","message":"no memory","code":500}"#.to_owned(),
            ProviderError::Broken("no memory".to_owned()),
        ),
    ] {
        let (_server, vendor) = serve(openai, Answer::ok(format!("{piece}data: {error}\n\ndata: [DONE]\n\n"))).await;
        let heard = hear(&*vendor).await;
        assert_eq!((heard.text().as_str(), heard.end), ("a", Err(meaning)), "{error}");
    }
}

#[tokio::test]
async fn an_error_after_the_finish_costs_nothing() {
    let finished = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    let (_server, vendor) =
        serve(openai, Answer::ok(format!("{finished}data: {{\"error\":{{\"message\":\"m\"}}}}\n\n"))).await;
    let heard = hear(&*vendor).await;
    assert_eq!((heard.text().as_str(), heard.end), ("a", Ok(())));
}
