//! Anthropic's protocol.

use domain::generation::ProviderId;
use domain::generation::text::{TextError, TextModel};
use serde_json::json;
use vendors::Secret;
use vendors::text::{Anthropic, AnthropicSettings};

use crate::fixtures::{KEY, TEXT, TestClock, anthropic, ask, failure_of, patient, request, text_of};
use crate::server::{Answer, Server};

/// With what real streams have: named events, `ping`, a thinking block, an event yet to be invented, cumulative usage
/// with cached tokens.
pub(crate) const STREAM: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"role\":\"assistant\",\"content\":[],\"usage\":{",
    "\"input_tokens\":12,\"cache_creation_input_tokens\":5,\"cache_read_input_tokens\":3,\"output_tokens\":1}}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",",
    "\"thinking\":\"hm\"}}\r\n\r\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Привет\"}}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\", мир 🙂\"}}\n\n",
    "data: {\"type\":\"invented_later\",\"x\":[1]}\n\n",
    "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"!\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":42},\"delta\":{\"stop_reason\":\"end_turn\",",
    "\"stop_sequence\":null}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);
pub(crate) const FINISHED_BY: &str = "\"stop_sequence\":null}}";

const PIECE: &str =
    "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Привет\"}}\n\n";
const STOP: &str = "data: {\"type\":\"message_stop\"}\n\n";

fn stop_reason(reason: &str) -> String {
    format!(
        "data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{reason}\"}},\"usage\":{{\"output_tokens\":9}}}}\n\n"
    )
}

async fn serve(answer: Answer) -> (Server, Anthropic) {
    let server = Server::start(move |_, _| answer.clone()).await;
    let model = anthropic(&server.url(), patient());
    (server, model)
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let (server, model) = serve(Answer::ok(STREAM)).await;
    assert_eq!(model.provider(), ProviderId::Anthropic);
    assert_eq!(text_of(&model).await.text, TEXT);
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/v1/messages"));
    assert_eq!(post.header("x-api-key"), Some(KEY));
    assert_eq!(post.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(post.header("authorization"), None);
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!(
        post.body,
        r#"{"model":"claude","max_tokens":2000,"system":"Ты редактор.","messages":[{"role":"user","content":"Напиши \"привет\"."}],"#
            .to_owned()
            + r#""stream":true,"temperature":0.7}"#
    );
}

#[tokio::test]
async fn what_is_not_wanted_is_not_sent() {
    let server = Server::start(|_, _| Answer::ok(STREAM)).await;
    let settings = AnthropicSettings {
        base_url: server.url(),
        send_temperature: false,
        ..AnthropicSettings::new(Secret::new(KEY), "claude")
    };
    let model = Anthropic::new(settings, TestClock::new());
    let mut request = request();
    request.system.clear();
    ask(&model, &request).await.0.unwrap();
    let messages = json!([{ "role": "user", "content": "Напиши \"привет\"." }]);
    let body = json!({ "model": "claude", "max_tokens": 2000, "messages": messages, "stream": true });
    assert_eq!(server.seen().remove(0).json(), body);
}

#[tokio::test]
async fn usage_is_cumulative_and_the_last_word_counts() {
    let start = "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,\"cache_read_input_tokens\":9}}}\n\n";
    let delta = |usage: &str| {
        format!("data: {{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"end_turn\"}},\"usage\":{usage}}}\n\n")
    };
    let (early, late) = (delta("{\"output_tokens\":3}"), delta("{\"input_tokens\":11,\"output_tokens\":42}"));
    let (_server, model) = serve(Answer::ok([start, PIECE, &early, &late, STOP].concat())).await;
    let tokens = text_of(&model).await.tokens;
    assert_eq!((tokens.input, tokens.output, tokens.estimated), (20, 42, false));
}

#[tokio::test]
async fn the_count_of_the_start_is_not_the_count_of_the_whole() {
    let start =
        "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\n\n";
    let stop = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n";
    let (_server, model) = serve(Answer::ok([start, PIECE, stop, STOP].concat())).await;
    assert!(text_of(&model).await.tokens.estimated);
}

#[tokio::test]
async fn stop_reasons_have_their_meaning() {
    for reason in ["max_tokens", "model_context_window_exceeded"] {
        let (_server, model) = serve(Answer::ok([PIECE, &stop_reason(reason), STOP].concat())).await;
        let answer = text_of(&model).await;
        assert!(answer.truncated && answer.text == "Привет", "{reason}");
    }
    for reason in ["end_turn", "stop_sequence", "something_new"] {
        let (_server, model) = serve(Answer::ok([PIECE, &stop_reason(reason), STOP].concat())).await;
        assert!(!text_of(&model).await.truncated, "{reason}");
    }
    let (_server, model) = serve(Answer::ok([PIECE, &stop_reason("refusal"), STOP].concat())).await;
    assert!(matches!(failure_of(&model).await, TextError::ContentRefused));
    let (_server, model) = serve(Answer::ok([PIECE, &stop_reason("pause_turn"), STOP].concat())).await;
    assert!(matches!(failure_of(&model).await, TextError::Broken(_)));
}

#[tokio::test]
async fn an_error_within_the_stream_is_broken() {
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    let (_server, model) = serve(Answer::ok([PIECE, error].concat())).await;
    let (answer, pieces) = ask(&model, &request()).await;
    let Err(TextError::Broken(text)) = answer else { panic!("{answer:?}") };
    assert_eq!(text, "overloaded_error: Overloaded");
    assert_eq!(pieces, ["Привет"]);
}

#[tokio::test]
async fn error_answers_have_their_meaning() {
    let body = |kind: &str, message: &str| {
        format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"req_1"}}"#)
    };
    let (_server, model) =
        serve(Answer::status(529, body("overloaded_error", "Overloaded")).header("request-id", "req_1")).await;
    assert_eq!(failure_of(&model).await.to_string(), "failed: 529 overloaded_error: Overloaded (request req_1)");
    let (_server, model) = serve(Answer::status(401, body("authentication_error", "invalid x-api-key"))).await;
    assert_eq!(failure_of(&model).await.to_string(), "request refused: 401 authentication_error: invalid x-api-key");
    let (_server, model) =
        serve(Answer::status(429, body("rate_limit_error", "slow")).header("retry-after", "8")).await;
    let error = failure_of(&model).await;
    assert!(matches!(error, TextError::RateLimited { retry_after: Some(wait) } if wait.as_secs() == 8), "{error:?}");
}

#[tokio::test]
async fn an_empty_account_is_told_in_three_ways() {
    let low = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.";
    for (status, kind, message) in
        [(402, "billing_error", "pay"), (403, "billing_error", "pay"), (400, "invalid_request_error", low)]
    {
        let body = json!({ "type": "error", "error": { "type": kind, "message": message } }).to_string();
        let (_server, model) = serve(Answer::status(status, body)).await;
        let error = failure_of(&model).await;
        assert!(matches!(error, TextError::OutOfFunds), "{status}: {error:?}");
    }
    let (_server, model) = serve(Answer::status(
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens"}}"#,
    ))
    .await;
    assert!(matches!(failure_of(&model).await, TextError::Rejected(_)));
}
