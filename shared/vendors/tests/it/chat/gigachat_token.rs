//! GigaChat's access token.

use std::sync::Arc;
use std::time::Duration;

use domain::gateway::ProviderError;
use futures_util::future::join_all;
use serde_json::json;
use vendors::Timeouts;
use vendors::chat::GigaChat;

use super::{call, complete, gigachat, hear, request, serve};
use crate::fixtures::{KEY, SHORT, TEXT, TOKEN_PATH, TestClock, TestIds, gigachat_settings, patient, token_answer};
use crate::server::{Answer, Server};
use crate::streams::gigachat::STREAM;

/// A server whose n-th token is `token-n` and which accepts the tokens that `accepts` likes.
async fn serve_tokens(expires_at: &'static str, accepts: fn(&str) -> bool) -> Server {
    Server::start(move |request, earlier| match request.path.as_str() {
        TOKEN_PATH => Answer::ok(format!(r#"{{"access_token":"token-{earlier}","expires_at":{expires_at}}}"#)),
        _ if accepts(request.header("authorization").unwrap().trim_start_matches("Bearer ")) => Answer::ok(STREAM),
        _ => Answer::status(401, r#"{"status":401,"message":"Token has expired"}"#),
    })
    .await
}

fn paths(server: &Server) -> Vec<&'static str> {
    server.seen().iter().map(|request| if request.path == TOKEN_PATH { "token" } else { "chat" }).collect()
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let (server, vendor) = serve(gigachat, Answer::ok(STREAM)).await;
    hear(&*vendor).await;
    let token = server.seen().remove(0);
    assert_eq!((token.method.as_str(), token.path.as_str()), ("POST", TOKEN_PATH));
    assert_eq!(token.header("authorization"), Some(format!("Basic {KEY}").as_str()));
    assert_eq!(token.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(token.header("rquid"), Some("019be060-0000-4000-8000-000000000001"));
    assert_eq!(token.body, "scope=GIGACHAT_API_PERS");
}

#[tokio::test]
async fn one_token_serves_many_calls_at_once() {
    let (server, vendor) = serve(gigachat, Answer::ok(STREAM)).await;
    let answers = join_all((0..20).map(|_| hear(&*vendor))).await;
    assert!(answers.iter().all(|heard| heard.text() == TEXT));
    assert_eq!(paths(&server).iter().filter(|&&path| path == "token").count(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_its_end() {
    // The token of 11:49:35 lasts 30 minutes; the other replies say the same in seconds, under other names.
    for reply in [
        r#"{"access_token":"t","expires_at":1768997975000}"#,
        r#"{"access_token":"t","expires_at":1768997975}"#,
        r#"{"tok":"t","exp":1768997975}"#,
    ] {
        let server =
            Server::start(move |request, _| Answer::ok(if request.path == TOKEN_PATH { reply } else { STREAM })).await;
        let clock = TestClock::new();
        let settings = gigachat_settings(&server.url(), patient());
        let vendor = GigaChat::new(settings, clock.clone(), Arc::new(TestIds::default()));
        hear(&vendor).await.end.unwrap();
        clock.advance(Duration::from_secs(29 * 60 - 1));
        hear(&vendor).await.end.unwrap();
        assert_eq!(paths(&server), ["token", "chat", "chat"]);
        clock.advance(Duration::from_secs(1));
        hear(&vendor).await.end.unwrap();
        assert_eq!(paths(&server), ["token", "chat", "chat", "token", "chat"]);
        let (first, second) = (server.seen()[0].clone(), server.seen()[3].clone());
        assert_ne!(first.header("rquid"), second.header("rquid"));
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = serve_tokens("1768997975000", |token| token != "token-0").await;
    let vendor = gigachat(&server.url(), patient());
    assert_eq!(hear(&*vendor).await.text(), TEXT);
    assert_eq!(paths(&server), ["token", "chat", "token", "chat"]);
    assert_eq!(hear(&*vendor).await.text(), TEXT);
    assert_eq!(paths(&server), ["token", "chat", "token", "chat", "chat"]);
}

#[tokio::test]
async fn a_token_refused_twice_is_misconfigured() {
    let server = serve_tokens("1768997975000", |_| false).await;
    let vendor = gigachat(&server.url(), patient());
    assert_eq!(complete(&*vendor).await.unwrap_err().to_string(), "misconfigured: 401 Token has expired");
    assert_eq!(paths(&server), ["token", "chat", "token", "chat"]);
}

#[tokio::test]
async fn calls_that_are_refused_together_share_one_new_token() {
    let server = serve_tokens("1768997975000", |token| token != "token-0").await;
    let vendor = gigachat(&server.url(), patient());
    let answers = join_all((0..20).map(|_| hear(&*vendor))).await;
    assert!(answers.iter().all(|heard| heard.end.is_ok()));
    assert_eq!(paths(&server).iter().filter(|&&path| path == "token").count(), 2);
}

#[tokio::test]
async fn a_token_that_has_ended_already_is_used_once() {
    let server = serve_tokens("1", |_| true).await;
    let vendor = gigachat(&server.url(), patient());
    hear(&*vendor).await.end.unwrap();
    hear(&*vendor).await.end.unwrap();
    assert_eq!(paths(&server), ["token", "chat", "token", "chat"]);
}

#[tokio::test]
async fn failures_of_the_token_endpoint_have_their_meaning() {
    let long = format!("{{\"access_token\":\"{}\"", "x".repeat(70_000));
    for (answer, meaning) in [
        (
            Answer::status(401, r#"{"code":4,"message":"Authorization error: header is incorrect"}"#),
            "Misconfigured(\"401 Authorization",
        ),
        (
            Answer::status(400, r#"{"code":7,"message":"scope from db not fully includes consumed scope"}"#),
            "Misconfigured(\"400 scope",
        ),
        (
            Answer::status(429, r#"{"message":"Too many"}"#).header("retry-after", "1"),
            "RateLimited { retry_after: Some(1s) }",
        ),
        (Answer::status(500, ""), "Broken(\"500 no message\")"),
        (Answer::ok("<html>"), "Broken(\"malformed token reply: Syntax error at column 1\")"),
        (Answer::ok(r#"{"access_token":"t"}"#), "Broken(\"malformed token reply: Data"),
        (Answer::ok(r#"{"access_token":"","expires_at":1}"#), "Broken(\"the token reply has no token"),
        (Answer::ok(long), "Broken(\"the answer is longer than 65536 bytes\")"),
        (Answer::ok("{\"access_token\"").then_cut(), "Broken("),
    ] {
        let server = Server::start(move |_, _| answer.clone()).await;
        let error = format!("{:?}", complete(&*gigachat(&server.url(), patient())).await.unwrap_err());
        assert!(error.starts_with(meaning) && !error.contains(KEY), "{error}");
        assert_eq!(paths(&server), ["token"]);
    }
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_runs_into_the_timeouts() {
    for timeouts in [Timeouts { first_byte: SHORT, ..patient() }, Timeouts { total: SHORT, ..patient() }] {
        let server = Server::start(|_, _| Answer::silence()).await;
        let error = complete(&*gigachat(&server.url(), timeouts)).await.unwrap_err();
        assert!(matches!(error, ProviderError::TimedOut), "{error:?}");
    }
}

#[tokio::test]
async fn a_call_dropped_while_it_fetches_the_token_blocks_nobody() {
    let server = Server::start(|request, earlier| match request.path.as_str() {
        TOKEN_PATH if earlier == 0 => Answer::silence(),
        TOKEN_PATH => token_answer(),
        _ => Answer::ok(STREAM),
    })
    .await;
    let vendor = gigachat(&server.url(), patient());
    let request = request(&json!({}));
    tokio::select! {
        _ = vendor.stream(call(&request)) => panic!("an answer to silence"),
        () = server.left_waiting() => {}
    }
    server.hung_up().await;
    assert_eq!(hear(&*vendor).await.text(), TEXT);
}
