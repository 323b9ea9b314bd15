//! Events in the form in which AWS sends them, field by field, through the real entry points.

use serde_json::{Value, json};

use crate::easy_writer::GENERATION;
use crate::world::World;

/// A recorded event with its placeholders filled in.
fn event(name: &str, placeholder: &str) -> Value {
    let path = format!("{}/fixtures/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text.replace("PLACEHOLDER", placeholder)).expect("JSON")
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().expect("body")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base64_body_is_decoded() {
    let world = World::easy_writer().await;
    let answer = world.invoke("easy-writer-auth", &event("http_register_base64", "")).await.unwrap();
    assert_eq!(answer["statusCode"], 201, "{answer}");
    assert_eq!(body(&answer)["data"]["user"]["email"], "ivan@example.com");
    assert_eq!(answer["headers"]["content-type"], "application/json");
    assert_eq!(answer["headers"]["x-request-id"], "MKzqXhEbliAEPyQ=", "the gateway's id");
    assert_eq!(answer["headers"]["access-control-allow-origin"], "https://easy-writer.example");
    assert_eq!(answer["isBase64Encoded"], false);
    assert_eq!(answer["cookies"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_come_in_a_field_of_their_own() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let answer = world.invoke("easy-writer-auth", &event("http_refresh_cookies", &user.refresh)).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn query_strings_are_read_raw() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let answer = world.invoke("easy-writer-generation", &event("http_list_query", &user.token)).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    assert_eq!(body(&answer)["data"]["pagination"], json!({ "total": 0, "limit": 5, "offset": 0, "has_more": false }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_events_of_all_three_kinds_are_understood() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    let mut connect = event("socket_connect", &user.token);
    connect["queryStringParameters"]["path"] = json!(format!("/ws/generation/{session}"));
    let answer = world.invoke("easy-writer-socket", &connect).await.unwrap();
    assert_eq!(answer, json!({ "statusCode": 200 }));
    for name in ["socket_message", "socket_disconnect"] {
        let answer = world.invoke("easy-writer-socket", &event(name, "")).await.unwrap();
        assert_eq!(answer, json!({ "statusCode": 200 }), "{name}");
    }
    let refused = world.invoke("easy-writer-socket", &event("socket_connect", "garbage")).await.unwrap();
    assert_eq!(refused["statusCode"], 401);
    assert_eq!(body(&refused)["error"]["code"], "TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_handled_message_by_message() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    let mut batch = event("sqs_batch", "");
    batch["Records"][0]["body"] = json!(json!({ "owner": user.user, "job": session }).to_string());
    let worker = "easy-writer-generation-worker";
    assert_eq!(world.invoke(worker, &batch).await.unwrap(), json!({ "batchItemFailures": [] }));
    assert_eq!(world.session(&user, &session).await["status"], "completed");
    let again = world.receive_event(GENERATION).await;
    assert_eq!(world.invoke(worker, &again).await.unwrap(), json!({ "batchItemFailures": [] }));
    world.audit(user.user).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_message_of_a_batch_is_named_and_the_others_are_not() {
    let world = World::easy_writer().await;
    let user = world.register("user@example.com").await;
    let session = world.start_essay(&user).await;
    let mut batch = event("sqs_batch", "");
    batch["Records"][0]["body"] = json!(json!({ "owner": user.user, "job": session }).to_string());
    world.faults.plan("UpdateItem", 0, usize::MAX, crate::world::Action::Throttle);
    let answer = world.invoke("easy-writer-generation-worker", &batch).await.unwrap();
    world.faults.clear();
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": "059f36b4-87a3-44ab-83d2-661975830a7d" }] });
    assert_eq!(answer, failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_event_is_understood() {
    let world = World::easy_writer().await;
    assert_eq!(world.invoke("easy-writer-maintenance-cron", &event("schedule", "")).await.unwrap(), Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_another_kind_fails_the_invocation_and_nothing_else() {
    let world = World::easy_writer().await;
    for function in ["easy-writer-auth", "easy-writer-socket", "easy-writer-generation-worker"] {
        assert!(world.invoke(function, &json!({ "hello": "world" })).await.is_err(), "{function}");
    }
    world.register("user@example.com").await;
}
