//! GigaChat's protocol.

use std::sync::Arc;
use std::time::Duration;

use domain::generation::ProviderId;
use domain::generation::text::{TextError, TextModel};
use futures_util::future::join_all;
use serde_json::json;
use vendors::Timeouts;
use vendors::text::GigaChat;

use crate::fixtures::{
    KEY, SHORT, TEXT, TOKEN, TOKEN_PATH, TestClock, TestIds, ask, failure_of, gigachat, gigachat_settings, patient,
    request, text_of, token_answer,
};
use crate::server::{Answer, Request, Server};

/// With what recorded streams have: `object` without `.chunk`, `role` in the first delta only, usage in the last chunk
/// unasked.
pub(crate) const STREAM: &str = concat!(
    "data: {\"choices\":[{\"delta\":{\"content\":\"Привет\",\"role\":\"assistant\"},\"index\":0}],\"created\":1768996176,",
    "\"model\":\"GigaChat:2.0.28.2\",\"object\":\"chat.completion\"}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\", мир 🙂\"},\"index\":0}],\"object\":\"chat.completion\"}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"!\"},\"index\":0}],\"object\":\"chat.completion\"}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"\"},\"index\":0,\"finish_reason\":\"stop\"}],\"object\":\"chat.completion\",",
    "\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":42,\"total_tokens\":62,\"precached_prompt_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);
pub(crate) const FINISHED_BY: &str = "\"precached_prompt_tokens\":2}}";

const CHAT_PATH: &str = "/v1/chat/completions";

fn stream(finish_reason: &str) -> String {
    STREAM.replace("\"stop\"", &format!("\"{finish_reason}\""))
}

async fn serve(answer: Answer) -> (Server, GigaChat) {
    let script = move |request: &Request, _| if request.path == TOKEN_PATH { token_answer() } else { answer.clone() };
    let server = Server::start(script).await;
    let model = gigachat(&server.url(), patient());
    (server, model)
}

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
async fn both_requests_are_as_documented() {
    let (server, model) = serve(Answer::ok(STREAM)).await;
    assert_eq!(model.provider(), ProviderId::GigaChat);
    assert_eq!(text_of(&model).await.text, TEXT);
    let seen = server.seen();
    let [token, chat] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((token.method.as_str(), token.path.as_str()), ("POST", TOKEN_PATH));
    assert_eq!(token.header("authorization"), Some(format!("Basic {KEY}").as_str()));
    assert_eq!(token.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(token.header("rquid"), Some("019be060-0000-4000-8000-000000000001"));
    assert_eq!(token.body, "scope=GIGACHAT_API_PERS");
    assert_eq!((chat.method.as_str(), chat.path.as_str()), ("POST", CHAT_PATH));
    assert_eq!(chat.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(chat.header("accept"), Some("text/event-stream"));
    assert_eq!(
        chat.body,
        r#"{"model":"GigaChat-2","messages":[{"role":"system","content":"Ты редактор."},{"role":"user","content":"Напиши \"привет\"."}],"#
            .to_owned()
            + r#""stream":true,"temperature":0.7,"max_tokens":2000}"#
    );
}

#[tokio::test]
async fn an_empty_system_message_is_not_sent() {
    let (server, model) = serve(Answer::ok(STREAM)).await;
    let mut request = request();
    request.system.clear();
    ask(&model, &request).await.0.unwrap();
    assert_eq!(server.seen()[1].json()["messages"], json!([{ "role": "user", "content": "Напиши \"привет\"." }]));
}

#[tokio::test]
async fn finish_reasons_have_their_meaning() {
    let (_server, model) = serve(Answer::ok(stream("length"))).await;
    assert!(text_of(&model).await.truncated);
    let (_server, model) = serve(Answer::ok(stream("blacklist"))).await;
    assert!(matches!(failure_of(&model).await, TextError::ContentRefused));
    let (_server, model) = serve(Answer::ok(stream("error"))).await;
    assert!(matches!(failure_of(&model).await, TextError::Broken(_)));
}

#[tokio::test]
async fn an_error_within_the_stream_is_broken() {
    let error = "data: {\"status\":500,\"message\":\"Internal Server Error\"}\n\n";
    let (_server, model) = serve(Answer::ok(
        STREAM.replace("data: {\"choices\":[{\"delta\":{\"content\":\"!\"}", &format!("{error}data: {{")),
    ))
    .await;
    let (answer, pieces) = ask(&model, &request()).await;
    let Err(TextError::Broken(text)) = answer else { panic!("{answer:?}") };
    assert_eq!(text, "Internal Server Error");
    assert_eq!(pieces, ["Привет", ", мир 🙂"]);
}

#[tokio::test]
async fn error_answers_have_their_meaning() {
    let (_server, model) = serve(Answer::status(404, r#"{"status": 404, "message": "No such model"}"#)).await;
    assert_eq!(failure_of(&model).await.to_string(), "request refused: 404 No such model");
    let (_server, model) = serve(Answer::status(402, r#"{"status":402,"message":"Payment Required"}"#)).await;
    assert!(matches!(failure_of(&model).await, TextError::OutOfFunds));
    let (_server, model) = serve(Answer::status(429, r#"{"status":429,"message":"Too Many Requests"}"#)).await;
    assert!(matches!(failure_of(&model).await, TextError::RateLimited { retry_after: None }));
}

#[tokio::test]
async fn one_token_serves_many_calls_at_once() {
    let (server, model) = serve(Answer::ok(STREAM)).await;
    let question = request();
    let answers = join_all((0..20).map(|_| ask(&model, &question))).await;
    assert!(answers.iter().all(|(answer, _)| answer.as_ref().is_ok_and(|answer| answer.text == TEXT)));
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
        let model =
            GigaChat::new(gigachat_settings(&server.url(), patient()), clock.clone(), Arc::new(TestIds::default()));
        text_of(&model).await;
        clock.advance(Duration::from_secs(29 * 60 - 1));
        text_of(&model).await;
        assert_eq!(paths(&server), ["token", "chat", "chat"]);
        clock.advance(Duration::from_secs(1));
        text_of(&model).await;
        assert_eq!(paths(&server), ["token", "chat", "chat", "token", "chat"]);
        let (first, second) = (server.seen()[0].clone(), server.seen()[3].clone());
        assert_ne!(first.header("rquid"), second.header("rquid"));
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = serve_tokens("1768997975000", |token| token != "token-0").await;
    let model = gigachat(&server.url(), patient());
    assert_eq!(text_of(&model).await.text, TEXT);
    assert_eq!(paths(&server), ["token", "chat", "token", "chat"]);
    assert_eq!(text_of(&model).await.text, TEXT);
    assert_eq!(paths(&server), ["token", "chat", "token", "chat", "chat"]);
}

#[tokio::test]
async fn a_token_refused_twice_is_rejected() {
    let server = serve_tokens("1768997975000", |_| false).await;
    let model = gigachat(&server.url(), patient());
    assert_eq!(failure_of(&model).await.to_string(), "request refused: 401 Token has expired");
    assert_eq!(paths(&server), ["token", "chat", "token", "chat"]);
}

#[tokio::test]
async fn calls_that_are_refused_together_share_one_new_token() {
    let server = serve_tokens("1768997975000", |token| token != "token-0").await;
    let model = gigachat(&server.url(), patient());
    let question = request();
    let answers = join_all((0..20).map(|_| ask(&model, &question))).await;
    assert!(answers.iter().all(|(answer, _)| answer.is_ok()));
    assert_eq!(paths(&server).iter().filter(|&&path| path == "token").count(), 2);
}

#[tokio::test]
async fn a_token_that_has_ended_already_is_used_once() {
    let server = serve_tokens("1", |_| true).await;
    let model = gigachat(&server.url(), patient());
    text_of(&model).await;
    text_of(&model).await;
    assert_eq!(paths(&server), ["token", "chat", "token", "chat"]);
}

#[tokio::test]
async fn failures_of_the_token_endpoint_have_their_meaning() {
    let long = format!("{{\"access_token\":\"{}\"", "x".repeat(70_000));
    for (answer, meaning) in [
        (
            Answer::status(401, r#"{"code":4,"message":"Authorization error: header is incorrect"}"#),
            "Rejected(\"401 Authorization",
        ),
        (
            Answer::status(400, r#"{"code":7,"message":"scope from db not fully includes consumed scope"}"#),
            "Rejected(\"400 scope",
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
        let error = format!("{:?}", failure_of(&gigachat(&server.url(), patient())).await);
        assert!(error.starts_with(meaning) && !error.contains(KEY), "{error}");
        assert_eq!(paths(&server), ["token"]);
    }
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_runs_into_the_timeouts() {
    for timeouts in [Timeouts { first_byte: SHORT, ..patient() }, Timeouts { total: SHORT, ..patient() }] {
        let server = Server::start(|_, _| Answer::silence()).await;
        let error = failure_of(&gigachat(&server.url(), timeouts)).await;
        assert!(matches!(error, TextError::TimedOut), "{error:?}");
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
    let model = gigachat(&server.url(), patient());
    let question = request();
    tokio::select! {
        _ = ask(&model, &question) => panic!("an answer to silence"),
        () = server.left_waiting() => {}
    }
    server.hung_up().await;
    assert_eq!(text_of(&model).await.text, TEXT);
}
