//! OpenAI's protocol.

use domain::generation::ProviderId;
use domain::generation::text::{TextError, TextModel};
use serde_json::json;
use vendors::Secret;
use vendors::text::{LimitField, OpenAi, OpenAiSettings};

use crate::fixtures::{KEY, TEXT, TestClock, ask, failure_of, openai, patient, request, text_of};
use crate::server::{Answer, Server};

/// With what real streams have: a role first, `obfuscation`, `usage: null`, a comment, CRLF in places, the usage chunk.
pub(crate) const STREAM: &str = concat!(
    ": waiting\r\n\r\n",
    "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\",",
    "\"refusal\":null},\"finish_reason\":null}],\"usage\":null,\"obfuscation\":\"xZ\"}\r\n\r\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Привет\"},\"finish_reason\":null}],\"usage\":null}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\", мир 🙂\"},\"finish_reason\":null}],\"obfuscation\":\"a1b2\"}\n\n",
    "data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"!\"},\"finish_reason\":null}]}\r\n\r\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":42,\"total_tokens\":62}}\n\n",
    "data: [DONE]\n\n",
);
pub(crate) const FINISHED_BY: &str = "\"finish_reason\":\"stop\"}],\"usage\":null}";

const PIECE: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Привет\"}}]}\n\n";

fn finish(reason: &str) -> String {
    format!("data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}\n\ndata: [DONE]\n\n")
}

async fn serve(answer: Answer) -> (Server, OpenAi) {
    let server = Server::start(move |_, _| answer.clone()).await;
    let model = openai(&server.url(), patient());
    (server, model)
}

#[tokio::test]
async fn the_request_is_as_documented() {
    let (server, model) = serve(Answer::ok(STREAM)).await;
    assert_eq!(model.provider(), ProviderId::OpenAi);
    assert_eq!(text_of(&model).await.text, TEXT);
    let seen = server.seen();
    let [post] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(post.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(post.header("content-type"), Some("application/json"));
    assert_eq!((post.header("openai-organization"), post.header("openai-project")), (None, None));
    assert_eq!(
        post.body,
        r#"{"model":"gpt","messages":[{"role":"system","content":"Ты редактор."},{"role":"user","content":"Напиши \"привет\"."}],"#
            .to_owned()
            + r#""stream":true,"stream_options":{"include_usage":true},"temperature":0.7,"max_completion_tokens":2000}"#
    );
}

#[tokio::test]
async fn settings_shape_the_request() {
    let server = Server::start(|_, _| Answer::ok(STREAM)).await;
    let settings = OpenAiSettings {
        base_url: format!("{}/local/v1/", server.url()),
        organization: Some("org-1".to_owned()),
        project: Some("proj-1".to_owned()),
        limit_field: LimitField::MaxTokens,
        send_temperature: false,
        ..OpenAiSettings::new(Secret::default(), "llama")
    };
    let model = OpenAi::new(settings, TestClock::new());
    let mut request = request();
    request.system.clear();
    ask(&model, &request).await.0.unwrap();
    let post = server.seen().remove(0);
    assert_eq!(post.path, "/local/v1/chat/completions");
    assert_eq!((post.header("openai-organization"), post.header("openai-project")), (Some("org-1"), Some("proj-1")));
    assert_eq!(post.header("authorization"), None);
    assert_eq!(
        post.json(),
        json!({
            "model": "llama",
            "messages": [{ "role": "user", "content": "Напиши \"привет\"." }],
            "stream": true,
            "stream_options": { "include_usage": true },
            "max_tokens": 2000,
        })
    );
}

#[tokio::test]
async fn the_usage_chunk_may_have_no_choices_at_all() {
    for choices in ["\"choices\":null,", ""] {
        let usage =
            format!("data: {{{choices}\"usage\":{{\"prompt_tokens\":20,\"completion_tokens\":42}}}}\n\ndata: [DONE]");
        let (_server, model) =
            serve(Answer::ok(finish("stop").replace("data: [DONE]\n\n", &(PIECE.to_owned() + &usage)))).await;
        let answer = text_of(&model).await;
        assert_eq!((answer.tokens.input, answer.tokens.output, answer.tokens.estimated), (20, 42, false));
    }
}

#[tokio::test]
async fn the_last_usage_wins_and_odd_figures_cost_no_text() {
    let first = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n";
    let last = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":20,\"completion_tokens\":42}}\n\n";
    let odd = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":-1}}\n\n";
    let (_server, model) = serve(Answer::ok([first, PIECE, last, &finish("stop")].concat())).await;
    assert_eq!(text_of(&model).await.tokens.total(), 62);
    let (_server, model) = serve(Answer::ok([PIECE, odd, &finish("stop")].concat())).await;
    assert!(text_of(&model).await.tokens.estimated);
}

#[tokio::test]
async fn finish_reasons_have_their_meaning() {
    let (_server, model) = serve(Answer::ok(PIECE.to_owned() + &finish("length"))).await;
    let answer = text_of(&model).await;
    assert!(answer.truncated && answer.text == "Привет");
    let (_server, model) = serve(Answer::ok(PIECE.to_owned() + &finish("content_filter"))).await;
    let (answer, pieces) = ask(&model, &request()).await;
    assert!(matches!(answer, Err(TextError::ContentRefused)));
    assert_eq!(pieces, ["Привет"]);
    let (_server, model) = serve(Answer::ok(PIECE.to_owned() + &finish("something_new"))).await;
    assert!(!text_of(&model).await.truncated);
}

#[tokio::test]
async fn done_is_an_end_even_without_a_finish_reason() {
    let (_server, model) = serve(Answer::ok(PIECE.to_owned() + "data: [DONE]")).await;
    assert_eq!(text_of(&model).await.text, "Привет");
    let (_server, model) = serve(Answer::ok(PIECE.to_owned() + &finish(""))).await;
    assert_eq!(text_of(&model).await.text, "Привет");
}

#[tokio::test]
async fn a_refusal_in_words_is_a_refusal() {
    let refusal = "data: {\"choices\":[{\"delta\":{\"refusal\":\"I will not\"}}]}\n\n";
    let (_server, model) = serve(Answer::ok(refusal.to_owned() + &finish("stop"))).await;
    assert!(matches!(failure_of(&model).await, TextError::ContentRefused));
}

#[tokio::test]
async fn an_error_within_the_stream_is_broken() {
    for (error, told) in [
        (r#"{"error":{"message":"overloaded","type":"server_error","code":503}}"#, "server_error: overloaded"),
        (r#"{"object":"error","message":"no memory","code":500}"#, "no memory"),
        (r#"{"error":"runner died"}"#, "runner died"),
    ] {
        let (_server, model) = serve(Answer::ok(format!("{PIECE}data: {error}\n\n{}", finish("stop")))).await;
        let (answer, pieces) = ask(&model, &request()).await;
        let Err(TextError::Broken(text)) = answer else { panic!("{answer:?}") };
        assert_eq!(text, told);
        assert_eq!(pieces, ["Привет"]);
    }
}

#[tokio::test]
async fn an_error_within_the_stream_shows_no_key() {
    let (_server, model) = serve(Answer::ok(format!("data: {{\"error\":{{\"message\":\"bad {KEY}\"}}}}\n\n"))).await;
    assert_eq!(failure_of(&model).await.to_string(), "failed: bad ***");
}

#[tokio::test]
async fn too_many_requests_may_mean_money() {
    for body in [
        r#"{"error":{"message":"quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        r#"{"error":{"message":"quota","type":"insufficient_quota","code":null}}"#,
        r#"{"error":{"message":"spent","type":"billing","code":"project_spend_limit_exceeded"}}"#,
    ] {
        let (_server, model) = serve(Answer::status(429, body).header("retry-after", "5")).await;
        let error = failure_of(&model).await;
        assert!(matches!(error, TextError::OutOfFunds), "{error:?}");
    }
    let rate = r#"{"error":{"message":"slow","type":"requests","code":"rate_limit_exceeded"}}"#;
    let (_server, model) = serve(Answer::status(429, rate).header("retry-after", "5")).await;
    let error = failure_of(&model).await;
    assert!(matches!(error, TextError::RateLimited { retry_after: Some(wait) } if wait.as_secs() == 5), "{error:?}");
}

#[tokio::test]
async fn the_filter_may_refuse_the_question() {
    let body = r#"{"error":{"message":"filtered","type":null,"code":"content_filter"}}"#;
    let (_server, model) = serve(Answer::status(400, body)).await;
    assert!(matches!(failure_of(&model).await, TextError::ContentRefused));
}

#[tokio::test]
async fn a_wrong_key_is_rejected_in_the_vendors_words() {
    let body = format!(r#"{{"error":{{"message":"Incorrect API key provided: {KEY}.","code":"invalid_api_key"}}}}"#);
    let (_server, model) = serve(Answer::status(401, body).header("x-request-id", "req_1")).await;
    let told = failure_of(&model).await.to_string();
    assert_eq!(told, "request refused: 401 invalid_api_key: Incorrect API key provided: ***. (request req_1)");
}

#[tokio::test]
async fn settings_that_make_no_request_are_rejected() {
    for (base_url, key) in [("no such url", KEY), ("http://127.0.0.1:1", "two\nlines")] {
        let settings = OpenAiSettings { base_url: base_url.to_owned(), ..OpenAiSettings::new(Secret::new(key), "gpt") };
        let error = failure_of(&OpenAi::new(settings, TestClock::new())).await;
        assert!(matches!(error, TextError::Rejected(_)) && !error.to_string().contains("lines"), "{error:?}");
    }
}
