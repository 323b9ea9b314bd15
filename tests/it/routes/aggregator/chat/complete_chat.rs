//! `POST /api/v1/chat/completions`, and the same below `/v1`: whole and streamed answers, what they cost, and how failures look

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::{Site, chat_request, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_is_answered_paid_and_counted() {
    let site = Site::new("1").await;
    let (status, answer) = site.chat("good", Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["object"], &answer["model"], &answer["provider"]),
        (&json!("chat.completion"), &json!("good"), &json!("openai"))
    );
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    let tokens = answer["usage"]["total_tokens"].as_u64().expect("tokens");
    // A dollar for a thousand tokens.
    let cost = format!("0.{tokens:03}");
    assert_eq!(answer["cost"].to_string(), cost.trim_end_matches('0'));

    let transactions = site.get("/api/v1/billing/transactions?type=DEBIT").await;
    let transaction = &transactions["data"][0];
    assert_eq!(transaction["amount"], answer["cost"]);
    assert_eq!(
        (&transaction["description"], &transaction["metadata"]["tokens"]),
        (&json!("Good usage"), &json!(tokens))
    );
    assert_eq!(transactions["pagination"], json!({ "page": 1, "limit": 20, "total": 1, "totalPages": 1 }));
    let operation = text(&transaction["id"]).replace('-', "");
    assert_eq!(answer["id"], format!("chatcmpl-{operation}"));

    assert_eq!(site.count().await, 1);
    let usage = site.get("/api/v1/analytics/usage?startDate=2026-01-15&endDate=2026-01-15").await;
    assert_eq!((&usage["summary"]["totalRequests"], &usage["summary"]["totalTokens"]), (&json!(1), &json!(tokens)));
    assert_eq!(usage["summary"]["totalCost"], answer["cost"]);
    assert_eq!(usage["byProvider"][0]["provider"], "openai");
    assert_eq!(usage["timeline"][0]["date"], "2026-01-15");
    assert_eq!(site.get("/api/v1/analytics/usage?model=other").await["summary"]["totalRequests"], 0);
    let (_, keys) = site.call(Method::GET, "/api/v1/auth/api-keys", &site.token, &Value::Null).await;
    assert_eq!(keys["data"][0]["lastUsedAt"], "2026-01-15T12:00:00.000Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_as_clients_want_it_to() {
    let site = Site::new("1").await;
    let frames = site.stream("good", json!({ "stream_options": { "include_usage": true } })).await;
    let (done, pieces) = frames.split_last().expect("frames");
    assert_eq!(done, "[DONE]");
    let pieces: Vec<Value> = pieces.iter().map(|piece| serde_json::from_str(piece).expect("JSON")).collect();
    let (usage, pieces) = pieces.split_last().expect("pieces");
    assert_eq!(usage["choices"], json!([]));
    assert!(usage["usage"]["total_tokens"].as_u64() > Some(0), "{usage}");
    assert_eq!(pieces[0]["choices"][0]["delta"]["role"], "assistant");
    assert!(pieces.iter().all(|piece| piece["usage"].is_null() && piece["object"] == "chat.completion.chunk"));
    let last = pieces.last().expect("a last piece");
    assert_eq!((&last["choices"][0]["finish_reason"], &last["cost"]), (&json!("stop"), &usage["cost"]));
    let (balance, reserved) = site.balance().await;
    assert_eq!(reserved, "0");
    assert_ne!(balance, "1");

    // Who does not ask for the usage is told the cost all the same.
    let frames = site.stream("good", Value::Null).await;
    let last: Value = serde_json::from_str(&frames[frames.len() - 2]).expect("JSON");
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert!(last.get("usage").is_none() && last["cost"].is_number());
    assert_eq!(site.count().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_that_nobody_told_is_estimated() {
    let site = Site::new("1").await;
    let (status, answer) = site.chat("silent", Value::Null).await;
    assert_eq!(status, 200);
    assert!(answer["usage"]["completion_tokens"].as_u64() > Some(0) && answer["cost"].as_f64() > Some(0.0), "{answer}");
    let transactions = site.get("/api/v1/billing/transactions?type=DEBIT").await;
    assert_eq!(transactions["data"][0]["metadata"]["estimated"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_that_fails_is_followed_by_the_next_and_costs_nothing() {
    let site = Site::new("1").await;
    let (status, answer) = site.chat("chain", Value::Null).await;
    assert_eq!((status, &answer["model"]), (200, &json!("good")), "the model that answered is named");
    let (before, _) = site.balance().await;
    let (status, refusal) = site.chat("broken", Value::Null).await;
    assert_eq!((status, &refusal["code"]), (503, &json!("provider_unavailable")));
    assert!(!refusal.to_string().contains("sandbox-500"), "what the vendor said is not the caller's: {refusal}");
    assert_eq!(site.balance().await, (before, "0".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_breaks_off_says_so_and_costs_nothing() {
    let site = Site::new("1").await;
    let frames = site.stream("half", Value::Null).await;
    let last: Value = serde_json::from_str(frames.last().expect("a frame")).expect("JSON");
    assert_eq!(last["error"]["type"], "api_error", "{last}");
    assert!(frames.len() > 1 && !frames.contains(&"[DONE]".to_owned()));
    assert_eq!(site.balance().await, ("1".to_owned(), "0".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_speak_the_language_of_their_path() {
    let site = Site::new("0").await;
    let refusal = |model: &'static str, more: Value, bearer: String| {
        let site = &site;
        async move { site.call(Method::POST, "/v1/chat/completions", &bearer, &chat_request(model, more)).await }
    };
    let key = || site.key.clone();
    for ((status, body), wanted, kind, code) in [
        (refusal("good", Value::Null, key()).await, 402, "insufficient_quota", "insufficient_funds"),
        (refusal("none", Value::Null, key()).await, 404, "invalid_request_error", "model_not_found"),
        (refusal("good", json!({ "temperature": 3 }), key()).await, 400, "invalid_request_error", "invalid_request"),
        (refusal("good", Value::Null, "ak_live_x".to_owned()).await, 401, "authentication_error", "invalid_api_key"),
        (
            refusal("good", Value::Null, site.new_key(&["billing"]).await).await,
            403,
            "permission_error",
            "permission_denied",
        ),
    ] {
        let error = &body["error"];
        assert_eq!((status, &error["type"], &error["code"]), (wanted, &json!(kind), &json!(code)), "{body}");
        assert!(error["message"].is_string());
    }
    let (_, body) = refusal("good", json!({ "messages": [{ "role": "king", "content": "x" }] }), key()).await;
    assert_eq!(body["error"]["param"], "messages[0].role");
    let (status, body) = site.chat("good", Value::Null).await;
    assert_eq!((status, &body["statusCode"], &body["path"]), (402, &json!(402), &json!("/api/v1/chat/completions")));
    assert!(body["details"][0]["missing"].is_string(), "what is missing is told: {body}");
    assert_eq!(site.get("/api/v1/billing/transactions").await["pagination"]["total"], 0);
}
