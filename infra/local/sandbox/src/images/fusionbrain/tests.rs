//! The protocol, as a client sees it.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tower::ServiceExt as _;

use super::*;

const KEY: &str = "sk-sandbox-test-key";

fn app(pace: Duration) -> Router {
    crate::router(Options::new(KEY, pace, Arc::new(|| 1_750_000_000)))
}

async fn send(
    app: &Router,
    keys: &FusionBrainKeys,
    method: &str,
    path: &str,
    form: Option<String>,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/fusionbrain/key/api/v1/{path}"))
        .header("x-key", format!("Key {}", keys.api_key))
        .header("x-secret", format!("Secret {}", keys.secret_key))
        .header("content-type", "multipart/form-data; boundary=cut")
        .body(form.map_or_else(Body::empty, Body::from))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["x-sandbox"], "true");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    (parts.status, serde_json::from_slice(&bytes).unwrap())
}

fn form(pipeline: &str, kind: &str, params: &Value) -> String {
    format!(
        "--cut\r\nContent-Disposition: form-data; name=\"pipeline_id\"\r\n\r\n{pipeline}\r\n\
         --cut\r\nContent-Disposition: form-data; name=\"params\"\r\n{kind}\r\n{params}\r\n--cut--\r\n"
    )
}

fn params(query: &str) -> Value {
    json!({
        "type": "GENERATE", "style": "DEFAULT", "width": 128, "height": 64, "numImages": 1,
        "generateParams": { "query": query },
    })
}

async fn run_params(app: &Router, params: &Value) -> (StatusCode, Value) {
    let form = form(PIPELINE, "Content-Type: application/json\r\n", params);
    send(app, &FusionBrainKeys::of(KEY), "POST", "pipeline/run", Some(form)).await
}

async fn run(app: &Router, query: &str) -> (StatusCode, Value) {
    run_params(app, &params(query)).await
}

async fn ask(app: &Router, ordered: &Value) -> (StatusCode, Value) {
    let path = format!("pipeline/status/{}", ordered["uuid"].as_str().unwrap());
    send(app, &FusionBrainKeys::of(KEY), "GET", &path, None).await
}

#[tokio::test]
async fn a_picture_is_ordered_drawn_and_handed_out_once() {
    let app = app(Duration::ZERO);
    let (status, list) = send(&app, &FusionBrainKeys::of(KEY), "GET", "pipelines", None).await;
    assert_eq!((status, &list[0]["id"], &list[0]["status"]), (StatusCode::OK, &json!(PIPELINE), &json!("ACTIVE")));
    let (status, ordered) = run(&app, "Кот").await;
    assert_eq!((status, &ordered["status"]), (StatusCode::OK, &json!("INITIAL")));
    let (status, done) = ask(&app, &ordered).await;
    assert_eq!((status, &done["status"], &done["result"]["censored"]), (StatusCode::OK, &json!("DONE"), &json!(false)));
    assert_eq!(done["uuid"], ordered["uuid"]);
    let file = STANDARD.decode(done["result"]["files"][0].as_str().unwrap()).unwrap();
    assert_eq!(image::guess_format(&file).unwrap(), image::ImageFormat::Jpeg);
    let picture = image::load_from_memory(&file).unwrap();
    assert_eq!((picture.width(), picture.height()), (128, 64));
    assert_eq!(ask(&app, &ordered).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_slow_drawing_goes_through_all_states() {
    let app = app(Duration::ZERO);
    let (_, ordered) = run(&app, "Кот sandbox-slow").await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(ask(&app, &ordered).await.1["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(told, ["INITIAL", "PROCESSING", "DONE"]);
}

#[tokio::test]
async fn drawing_takes_time() {
    let app = app(Duration::from_mins(1));
    let (_, ordered) = run(&app, "Кот").await;
    for _ in 0..5 {
        let (status, told) = ask(&app, &ordered).await;
        assert_eq!((status, &told["status"], &told["result"]), (StatusCode::OK, &json!("INITIAL"), &Value::Null));
    }
}

#[tokio::test]
async fn words_in_the_prompt_select_faults() {
    let app = app(Duration::ZERO);
    assert_eq!(
        run(&app, "sandbox-queue-full").await,
        (StatusCode::OK, json!({ "pipeline_status": "DISABLED_BY_QUEUE" }))
    );
    assert_eq!(run(&app, "sandbox-500").await.0, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(tokio::time::timeout(Duration::from_millis(50), run(&app, "sandbox-hang")).await.is_err());
    let (_, failing) = run(&app, "Кот sandbox-fail").await;
    let (status, failed) = ask(&app, &failing).await;
    assert_eq!((status, &failed["status"], &failed["result"]), (StatusCode::OK, &json!("FAIL"), &Value::Null));
    assert!(failed["errorDescription"].is_string());
    assert_eq!(ask(&app, &failing).await.0, StatusCode::NOT_FOUND, "a failure is told once, too");
    let (_, lost) = run(&app, "Кот sandbox-lost").await;
    assert_eq!(ask(&app, &lost).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_forbidden_picture_is_done_censored_and_a_stub() {
    let app = app(Duration::ZERO);
    let file = |prompt: &'static str| {
        let app = app.clone();
        async move { ask(&app, &run(&app, prompt).await.1).await.1["result"].clone() }
    };
    let (first, second) = (file("Это запрещено: кот").await, file("a forbidden dog").await);
    assert_eq!((&first["censored"], &second["censored"]), (&json!(true), &json!(true)));
    assert_eq!(first["files"], second["files"], "nothing of the prompt is in the stub");
}

#[tokio::test]
async fn both_keys_are_needed() {
    let good = FusionBrainKeys::of(KEY);
    assert!(good != FusionBrainKeys::of("another") && good.api_key != good.secret_key && good.api_key.len() == 32);
    let app = app(Duration::ZERO);
    for keys in [
        FusionBrainKeys { api_key: "x".to_owned(), ..good.clone() },
        FusionBrainKeys { secret_key: "x".to_owned(), ..good.clone() },
        FusionBrainKeys { api_key: good.secret_key.clone(), secret_key: good.api_key.clone() },
    ] {
        assert_eq!(send(&app, &keys, "GET", "pipelines", None).await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(send(&app, &good, "GET", "nothing", None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn orders_are_checked() {
    let app = app(Duration::ZERO);
    for (field, value) in [
        ("width", json!(2048)),
        ("width", json!(100)),
        ("height", json!(0)),
        ("numImages", json!(2)),
        ("type", json!("DRAW")),
        ("style", json!("CUBISM")),
        ("generateParams", json!({ "query": " " })),
        ("generateParams", json!({ "query": "ы".repeat(1001) })),
        ("generateParams", json!({})),
    ] {
        let mut params = params("Кот");
        params[field] = value;
        assert_eq!(run_params(&app, &params).await.0, StatusCode::BAD_REQUEST, "{params}");
    }
    let keys = FusionBrainKeys::of(KEY);
    let untyped = form(PIPELINE, "", &params("Кот"));
    let (status, _) = send(&app, &keys, "POST", "pipeline/run", Some(untyped)).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "a part without a type of its own");
    let elsewhere = form("none", "Content-Type: application/json\r\n", &params("Кот"));
    assert_eq!(send(&app, &keys, "POST", "pipeline/run", Some(elsewhere)).await.0, StatusCode::NOT_FOUND);
    let partial = "--cut\r\nContent-Disposition: form-data; name=\"pipeline_id\"\r\n\r\nx\r\n--cut--\r\n".to_owned();
    assert_eq!(send(&app, &keys, "POST", "pipeline/run", Some(partial)).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(send(&app, &keys, "POST", "pipeline/run", Some("no form".to_owned())).await.0, StatusCode::BAD_REQUEST);
}
