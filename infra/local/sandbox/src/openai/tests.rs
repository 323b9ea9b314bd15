//! The protocol, as a client sees it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;

use super::*;

const KEY: &str = "sk-sandbox-test-key";

fn options(pace: Duration) -> Options {
    Options::new(KEY, pace, Arc::new(|| 1_750_000_000))
}

async fn send(
    method: &str,
    path: &str,
    key: Option<&str>,
    body: impl Into<Body>,
) -> (StatusCode, HeaderMap, Result<String, axum::Error>) {
    let app = crate::router(options(Duration::ZERO));
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let response = app.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, usize::MAX).await.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    (parts.status, parts.headers, text)
}

async fn post(body: &Value) -> (StatusCode, HeaderMap, Result<String, axum::Error>) {
    send("POST", "/openai/v1/chat/completions", Some(KEY), body.to_string()).await
}

async fn error_of(body: &Value) -> (u16, Value) {
    let (status, _, text) = post(body).await;
    (status.as_u16(), serde_json::from_str::<Value>(&text.unwrap()).unwrap()["error"].clone())
}

fn chat(model: &str, text: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": text }] })
}

fn spelling(model: &str, text: &str) -> Value {
    json!({ "model": model, "messages": [
        { "role": "system", "content": "Инструмент: spell_check. Ты — корректор." },
        { "role": "user", "content": format!("Исправь ошибки.\n\n<текст>\n{text}\n</текст>") },
    ] })
}

fn with(mut body: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The JSON of all frames but the last, which must be `[DONE]`.
fn frames(stream: &str) -> Vec<Value> {
    let mut frames: Vec<&str> =
        stream.split_terminator("\n\n").map(|frame| frame.strip_prefix("data: ").unwrap()).collect();
    assert_eq!(frames.pop(), Some("[DONE]"));
    frames.into_iter().map(|frame| serde_json::from_str(frame).unwrap()).collect()
}

fn content(frames: &[Value]) -> String {
    frames.iter().filter_map(|frame| frame["choices"][0]["delta"]["content"].as_str()).collect()
}

#[tokio::test]
async fn a_completion_has_the_vendors_shape_and_says_that_it_is_the_sandbox() {
    let (status, headers, text) = post(&spelling("sandbox", "Превет мир")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["x-sandbox"], "true");
    assert_eq!(headers["x-request-id"], "req_sandbox_00000000");
    assert_eq!(headers["content-type"], "application/json");
    let answer: Value = serde_json::from_str(&text.unwrap()).unwrap();
    assert_eq!(
        answer,
        json!({
            "id": "chatcmpl-sandbox-00000001", "object": "chat.completion", "created": 1_750_000_000, "model": "sandbox",
            "service_tier": "default", "system_fingerprint": "fp_sandbox", "sandbox": true,
            "choices": [{
                "index": 0, "logprobs": null, "finish_reason": "stop",
                "message": { "role": "assistant", "content": "Привет мир", "refusal": null, "annotations": [] },
            }],
            "usage": {
                "prompt_tokens": 44, "completion_tokens": 3, "total_tokens": 47,
                "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
                "completion_tokens_details": {
                    "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
                },
            },
        })
    );
}

#[tokio::test]
async fn a_stream_gives_the_same_text_in_chunks() {
    let body = with(
        spelling("sandbox", "Превет, мир!"),
        &json!({ "stream": true, "stream_options": { "include_usage": true } }),
    );
    let (status, headers, text) = post(&body).await;
    assert_eq!(
        (status, headers["content-type"].to_str().unwrap()),
        (StatusCode::OK, "text/event-stream; charset=utf-8")
    );
    let frames = frames(&text.unwrap());
    assert_eq!(frames[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "", "refusal": null }));
    assert_eq!(frames[0]["object"], "chat.completion.chunk");
    assert!(frames.iter().all(|frame| frame["id"] == frames[0]["id"] && frame["model"] == "sandbox"));
    assert_eq!(content(&frames), "Привет, мир!");
    let [.., finish, usage] = frames.as_slice() else { panic!("too few frames") };
    assert_eq!(
        (&finish["choices"][0]["finish_reason"], &finish["choices"][0]["delta"], &finish["usage"]),
        (&json!("stop"), &json!({}), &Value::Null)
    );
    assert_eq!((&usage["choices"], &usage["usage"]["completion_tokens"]), (&json!([]), &json!(5)));
}

#[tokio::test]
async fn usage_and_padding_come_only_where_they_are_wanted() {
    let plain = frames(&post(&with(chat("sandbox", "Hi"), &json!({ "stream": true }))).await.2.unwrap());
    assert!(plain.iter().all(|frame| frame.get("usage").is_none() && frame["obfuscation"].is_string()));
    let bare = json!({ "stream": true, "stream_options": { "include_obfuscation": false } });
    let bare = frames(&post(&with(chat("sandbox", "Hi"), &bare)).await.2.unwrap());
    assert!(bare.iter().all(|frame| frame.get("obfuscation").is_none()));
}

#[tokio::test]
async fn the_key_is_checked_before_anything_else() {
    let (status, headers, text) = send("POST", "/openai/v1/chat/completions", None, "{").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(headers.contains_key("x-request-id"));
    let error: Value = serde_json::from_str(&text.unwrap()).unwrap();
    assert_eq!((&error["error"]["type"], &error["error"]["code"]), (&json!("invalid_request_error"), &Value::Null));
    let (status, _, text) = send("GET", "/openai/v1/models", Some("sk-wrong-secret-0123456789"), "").await;
    let text = text.unwrap();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(text.contains("invalid_api_key") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn wrong_requests_are_refused_as_the_vendor_does() {
    let (status, _, text) = send("POST", "/openai/v1/chat/completions", Some(KEY), "{\"model\":").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(text.unwrap().contains("could not parse the JSON body"));
    let good = chat("sandbox", "Hi");
    for (fields, status, param, code) in [
        (json!({ "model": null }), 400, Value::Null, Value::Null),
        (json!({ "messages": null }), 400, json!("messages"), json!("missing_required_parameter")),
        (json!({ "messages": [] }), 400, json!("messages"), json!("empty_array")),
        (
            json!({ "messages": [{ "content": "x" }] }),
            400,
            json!("messages[0].role"),
            json!("missing_required_parameter"),
        ),
        (
            json!({ "messages": [{ "role": "robot", "content": "x" }] }),
            400,
            json!("messages[0].role"),
            json!("invalid_value"),
        ),
        (
            json!({ "messages": [{ "role": "user", "content": 5 }] }),
            400,
            json!("messages[0].content"),
            json!("invalid_type"),
        ),
        (json!({ "model": "gpt-nonsense" }), 404, Value::Null, json!("model_not_found")),
        (json!({ "max_tokens": 0 }), 400, json!("max_tokens"), json!("invalid_value")),
        (json!({ "max_tokens": 5, "max_completion_tokens": 5 }), 400, json!("max_tokens"), json!("invalid_value")),
        (json!({ "temperature": 3 }), 400, json!("temperature"), json!("invalid_value")),
        (json!({ "stream": "yes" }), 400, json!("stream"), json!("invalid_type")),
        (json!({ "stream_options": { "include_usage": true } }), 400, json!("stream_options"), json!("invalid_value")),
        (json!({ "response_format": { "type": "xml" } }), 400, json!("response_format.type"), json!("invalid_value")),
    ] {
        let (got, error) = error_of(&with(good.clone(), &fields)).await;
        assert_eq!((got, &error["param"], &error["code"]), (status, &param, &code), "{fields}");
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_get_the_vendors_error() {
    let (status, _, text) = send("GET", "/openai/v1/nothing", Some(KEY), "").await;
    assert_eq!((status, text.unwrap().contains("Invalid URL (GET")), (StatusCode::NOT_FOUND, true));
    let (status, _, text) = send("GET", "/openai/v1/chat/completions", Some(KEY), "").await;
    assert_eq!((status, text.unwrap().contains("method_not_supported")), (StatusCode::METHOD_NOT_ALLOWED, true));
}

#[tokio::test]
async fn models_are_listed() {
    let (_, _, text) = send("GET", "/openai/v1/models", Some(KEY), "").await;
    let list: Value = serde_json::from_str(&text.unwrap()).unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 15);
    assert_eq!(
        list["data"][0],
        json!({ "id": "sandbox", "object": "model", "created": 1_735_689_600, "owned_by": "sandbox" })
    );
    assert_eq!(send("GET", "/openai/v1/models/sandbox-500", Some(KEY), "").await.0, StatusCode::OK);
    assert_eq!(send("GET", "/openai/v1/models/none", Some(KEY), "").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn limits_and_stops_end_an_answer() {
    let cut = |fields: Value| async move {
        let (_, _, text) = post(&with(spelling("sandbox", "раз два три четыре"), &fields)).await;
        let answer: Value = serde_json::from_str(&text.unwrap()).unwrap();
        (
            answer["choices"][0]["message"]["content"].clone(),
            answer["choices"][0]["finish_reason"].clone(),
            answer["usage"]["completion_tokens"].clone(),
        )
    };
    assert_eq!(cut(json!({ "max_tokens": 2 })).await, (json!("раз два"), json!("length"), json!(2)));
    assert_eq!(cut(json!({ "max_completion_tokens": 100 })).await.1, json!("stop"));
    assert_eq!(cut(json!({ "stop": [" три", "четыре"] })).await, (json!("раз два"), json!("stop"), json!(2)));
}

#[tokio::test]
async fn several_choices_and_json_are_possible() {
    let body = with(
        chat("sandbox", "Расскажи про море и корабли"),
        &json!({ "n": 2, "response_format": { "type": "json_object" } }),
    );
    let answer: Value = serde_json::from_str(&post(&body).await.2.unwrap()).unwrap();
    let texts: Vec<&str> = answer["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|choice| choice["message"]["content"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 2);
    assert!(serde_json::from_str::<Value>(texts[0]).unwrap().is_object());
}

#[tokio::test]
async fn faults_before_the_answer() {
    assert_eq!(error_of(&chat("sandbox-500", "x")).await.1["type"], "server_error");
    let (status, headers, text) = post(&chat("sandbox-429", "x")).await;
    assert_eq!((status, headers["retry-after"].to_str().unwrap()), (StatusCode::TOO_MANY_REQUESTS, "1"));
    assert!(text.unwrap().contains("rate_limit_exceeded"));
    let (status, error) = error_of(&chat("sandbox-quota", "x")).await;
    assert_eq!(
        (status, &error["type"], &error["code"]),
        (429, &json!("insufficient_quota"), &json!("insufficient_quota"))
    );
}

#[tokio::test]
async fn faults_inside_the_answer() {
    let (status, _, text) = post(&chat("sandbox-broken-json", "x")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(serde_json::from_str::<Value>(&text.unwrap()).is_err());
    assert!(post(&chat("sandbox-half-stream", "x")).await.2.is_err());
    let (status, _, text) = post(&chat("sandbox-stream-error", "x")).await;
    assert_eq!((status, text.unwrap().contains("server_error")), (StatusCode::OK, true));
    assert!(!post(&chat("sandbox-no-usage", "x")).await.2.unwrap().contains("usage"));
}

#[tokio::test]
async fn faults_inside_a_stream() {
    let stream = |model: &'static str| async move {
        post(&with(
            chat(model, "Расскажи про море"),
            &json!({ "stream": true, "stream_options": { "include_usage": true } }),
        ))
        .await
        .2
    };
    let broken = stream("sandbox-broken-json").await.unwrap();
    let parsed = broken
        .split_terminator("\n\n")
        .map(|frame| serde_json::from_str::<Value>(frame.strip_prefix("data: ").unwrap()).is_ok());
    assert_eq!(parsed.filter(|good| !good).count(), 2, "the broken frame and [DONE]");
    assert!(stream("sandbox-half-stream").await.is_err());
    let failed = frames(&stream("sandbox-stream-error").await.unwrap());
    assert_eq!((failed.len(), &failed[5]["error"]["type"]), (6, &json!("server_error")));
    let silent = frames(&stream("sandbox-no-usage").await.unwrap());
    assert!(silent.iter().all(|frame| frame.get("usage").is_none()));
}

#[tokio::test]
async fn a_hanging_model_never_answers_and_a_slow_one_does() {
    assert!(tokio::time::timeout(Duration::from_millis(50), post(&chat("sandbox-hang", "x"))).await.is_err());
    let before = std::time::Instant::now();
    let text = post(&with(chat("sandbox-slow", "Hello"), &json!({ "stream": true, "max_tokens": 2 }))).await.2.unwrap();
    assert_eq!(content(&frames(&text)), "Hello");
    assert!(before.elapsed() >= Duration::from_millis(400), "two chunks and the finish, 200 ms each but the first");
}

#[tokio::test]
async fn a_stream_ends_when_the_client_leaves() {
    let state = State::new(options(Duration::from_millis(20)));
    let streams = Arc::clone(&state.streams);
    let app = Router::new().nest("/openai/v1", with_state(state));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async { axum::serve(listener, app).await.unwrap() };
    let client = async {
        let body = with(chat("sandbox-slow", "Расскажи про море, корабли, ветер и парус"), &json!({ "stream": true }))
            .to_string();
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /openai/v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        socket.write_all((head + &body).as_bytes()).await.unwrap();
        let mut first = [0; 1024];
        assert!(socket.read(&mut first).await.unwrap() > 0);
        assert_eq!(streams.load(Ordering::SeqCst), 1);
        drop(socket);
        while streams.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
    };
    // The whole answer would take several seconds.
    tokio::select! {
        () = server => unreachable!("the server does not end"),
        left = tokio::time::timeout(Duration::from_secs(2), client) => left.unwrap(),
    }
}

async fn draw(fields: &Value) -> (StatusCode, Value) {
    let body = with(json!({ "model": "sandbox", "prompt": "Кот", "size": "64x32" }), fields);
    let (status, headers, text) = send("POST", "/openai/v1/images/generations", Some(KEY), body.to_string()).await;
    assert_eq!(headers["x-sandbox"], "true");
    (status, serde_json::from_str(&text.unwrap()).unwrap())
}

fn picture(answer: &Value, number: usize) -> (image::ImageFormat, u32, u32) {
    use base64::Engine as _;
    let text = answer["data"][number]["b64_json"].as_str().unwrap();
    let file = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let picture = image::load_from_memory(&file).unwrap();
    (image::guess_format(&file).unwrap(), picture.width(), picture.height())
}

#[tokio::test]
async fn pictures_come_as_files_in_the_wanted_size() {
    let (status, answer) = draw(&json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(picture(&answer, 0), (image::ImageFormat::Png, 64, 32));
    assert_eq!((&answer["created"], &answer["size"]), (&json!(1_750_000_000), &json!("64x32")));
    assert_eq!(answer["usage"]["total_tokens"], json!(1057));
    let (_, answer) = draw(&json!({ "n": 2, "output_format": "jpeg", "quality": "low" })).await;
    assert_eq!(picture(&answer, 1), (image::ImageFormat::Jpeg, 64, 32));
    assert_eq!((answer["data"].as_array().unwrap().len(), &answer["output_format"]), (2, &json!("jpeg")));
}

#[tokio::test]
async fn orders_of_pictures_are_checked() {
    for (fields, status, param, code) in [
        (json!({ "model": null }), 400, Value::Null, Value::Null),
        (json!({ "model": "dall-e-3" }), 404, Value::Null, json!("model_not_found")),
        (json!({ "prompt": null }), 400, json!("prompt"), json!("missing_required_parameter")),
        (json!({ "prompt": "" }), 400, json!("prompt"), json!("invalid_value")),
        (json!({ "prompt": 5 }), 400, json!("prompt"), json!("invalid_type")),
        (json!({ "size": "100x100" }), 400, json!("size"), json!("invalid_value")),
        (json!({ "size": "4096x16" }), 400, json!("size"), json!("invalid_value")),
        (json!({ "size": "big" }), 400, json!("size"), json!("invalid_value")),
        (json!({ "n": 5 }), 400, json!("n"), json!("invalid_value")),
        (json!({ "output_format": "gif" }), 400, json!("output_format"), json!("invalid_value")),
        (json!({ "response_format": "url" }), 400, json!("response_format"), json!("unknown_parameter")),
    ] {
        let (got, answer) = draw(&fields).await;
        let error = &answer["error"];
        assert_eq!((got.as_u16(), &error["param"], &error["code"]), (status, &param, &code), "{fields}");
    }
    let (status, _, text) = send("POST", "/openai/v1/images/generations", Some("sk-wrong"), "{}").await;
    assert_eq!((status, text.unwrap().contains("invalid_api_key")), (StatusCode::UNAUTHORIZED, true));
}

#[tokio::test]
async fn forbidden_pictures_are_refused_and_models_have_their_faults() {
    let (status, answer) = draw(&json!({ "prompt": "Это запрещено" })).await;
    let error = &answer["error"];
    assert_eq!(
        (status, &error["code"], &error["type"]),
        (StatusCode::BAD_REQUEST, &json!("moderation_blocked"), &json!("image_generation_user_error"))
    );
    for (model, status, kind) in [
        ("sandbox-500", 500, "server_error"),
        ("sandbox-429", 429, "requests"),
        ("sandbox-quota", 429, "insufficient_quota"),
        ("sandbox-stream-error", 200, "server_error"),
    ] {
        let (got, answer) = draw(&json!({ "model": model })).await;
        assert_eq!((got.as_u16(), &answer["error"]["type"]), (status, &json!(kind)), "{model}");
    }
    assert!(draw(&json!({ "model": "sandbox-no-usage" })).await.1.get("usage").is_none());
    let body = |model: &str| json!({ "model": model, "prompt": "Кот", "size": "64x32" }).to_string();
    let path = "/openai/v1/images/generations";
    let (status, _, text) = send("POST", path, Some(KEY), body("sandbox-broken-json")).await;
    assert_eq!((status, serde_json::from_str::<Value>(&text.unwrap()).is_err()), (StatusCode::OK, true));
    assert!(send("POST", path, Some(KEY), body("sandbox-half-stream")).await.2.is_err());
    let hanging = send("POST", path, Some(KEY), body("sandbox-hang"));
    assert!(tokio::time::timeout(Duration::from_millis(50), hanging).await.is_err());
}

fn tools() -> Value {
    let city = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let function = |name: &str, description: &str| {
        let function = json!({ "name": name, "description": description, "parameters": city });
        json!({ "type": "function", "function": function })
    };
    json!([function("get_weather", "Погода в городе"), function("local_time", "Который там час")])
}

async fn answer(body: &Value) -> Value {
    let (status, _, text) = post(body).await;
    assert_eq!(status, StatusCode::OK, "{text:?}");
    serde_json::from_str(&text.unwrap()).unwrap()
}

#[tokio::test]
async fn tools_are_called_and_their_results_are_answered_with() {
    let question = "Какая погода в Париже и который час в Риме?";
    let asked = with(chat("gpt-4o", question), &json!({ "tools": tools() }));
    let whole = answer(&asked).await;
    let message = &whole["choices"][0]["message"];
    assert_eq!(whole["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!((&message["content"], message["tool_calls"].as_array().unwrap().len()), (&Value::Null, 2));
    assert_eq!(
        message["tool_calls"][0],
        json!({ "id": "call_sandbox_00000001_0_0", "type": "function", "function": { "name": "get_weather", "arguments": "{\"city\":\"Париже\"}" } })
    );

    let results = [0, 1].map(|call| json!({ "role": "tool", "tool_call_id": message["tool_calls"][call]["id"], "content": format!("итог {call}") }));
    let [first, second] = results;
    let told = json!([{ "role": "user", "content": question }, message, first, second]);
    let told = answer(&with(asked.clone(), &json!({ "messages": told }))).await;
    let text = told["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("итог 0") && text.contains("итог 1"), "{text}");

    let frames = frames(&post(&with(asked, &json!({ "stream": true }))).await.2.unwrap());
    let deltas: Vec<_> = frames.iter().filter_map(|frame| frame["choices"][0]["delta"].get("tool_calls")).collect();
    assert_eq!(deltas[0][0]["function"], json!({ "name": "get_weather", "arguments": "" }));
    let arguments: String = deltas
        .iter()
        .filter(|delta| delta[0]["index"] == 1)
        .filter_map(|delta| delta[0]["function"]["arguments"].as_str())
        .collect();
    assert_eq!(message["tool_calls"][1]["function"]["arguments"], arguments);
    assert_eq!(frames.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

#[tokio::test]
async fn calls_are_as_the_choice_says() {
    let named = json!({ "type": "function", "function": { "name": "local_time" } });
    for (fields, calls, reason) in [
        (json!({ "tool_choice": "none" }), 0, "stop"),
        (json!({ "tool_choice": "auto", "parallel_tool_calls": false }), 1, "tool_calls"),
        (json!({ "tool_choice": "required" }), 2, "tool_calls"),
        (json!({ "tool_choice": named }), 1, "stop"),
    ] {
        let body = with(chat("gpt-4o", "Погода в Риме и который час?"), &json!({ "tools": tools() }));
        let choice = &answer(&with(body, &fields)).await["choices"][0];
        let called = choice["message"]["tool_calls"].as_array().map_or(0, Vec::len);
        assert_eq!((called, &choice["finish_reason"]), (calls, &json!(reason)), "{fields}");
    }
}

#[tokio::test]
async fn tools_that_do_not_fit_together_are_refused() {
    let call = json!({ "role": "assistant", "tool_calls": [{ "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" } }] });
    let result = json!({ "role": "tool", "tool_call_id": "a", "content": "x" });
    for (fields, param) in [
        (json!({ "tools": {} }), "tools"),
        (json!({ "tools": [{ "type": "custom" }] }), "tools[0].type"),
        (json!({ "tools": [{ "type": "function", "function": { "name": "a b" } }] }), "tools[0].function.name"),
        (json!({ "tool_choice": "required" }), "tool_choice"),
        (json!({ "tools": tools(), "tool_choice": "always" }), "tool_choice"),
        (
            json!({ "tools": tools(), "tool_choice": { "type": "function", "function": { "name": "x" } } }),
            "tool_choice",
        ),
        (json!({ "messages": [result] }), "messages.[0].role"),
        (json!({ "messages": [call] }), "messages.[1].role"),
        (json!({ "messages": [call, { "role": "user", "content": "x" }] }), "messages.[1].role"),
        (json!({ "top_logprobs": 2 }), "top_logprobs"),
        (json!({ "logprobs": true, "top_logprobs": 21 }), "top_logprobs"),
    ] {
        let (status, error) = error_of(&with(chat("gpt-4o", "Привет"), &fields)).await;
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{fields}");
    }
}

#[tokio::test]
async fn every_token_is_certain_where_probabilities_are_wanted() {
    let fields = json!({ "logprobs": true, "top_logprobs": 3 });
    let choice = &answer(&with(spelling("sandbox", "Превет мир"), &fields)).await["choices"][0];
    let likely = json!({ "token": "Привет", "logprob": 0.0, "bytes": "Привет".as_bytes() });
    assert_eq!(choice["logprobs"]["content"][0]["top_logprobs"], json!([likely]));
    assert_eq!(choice["logprobs"]["content"].as_array().unwrap().len(), 2);
    let stream = with(spelling("sandbox", "Превет мир"), &json!({ "logprobs": true, "stream": true }));
    let frames = frames(&post(&stream).await.2.unwrap());
    assert_eq!(frames[1]["choices"][0]["logprobs"]["content"][0]["token"], "Привет");
}
