//! How long a caller waits for us before a vendor does anything: round trips to DynamoDB, seen by the vendor itself.

use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::routing::post;
use http::header::CONTENT_TYPE;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Site, chat_request};
use crate::world::{Faults, serve};

/// Calls to AWS and in how many trips they were made.
type Trips = (Vec<String>, usize);

/// A vendor that notes what was asked of AWS before it was asked itself.
#[derive(Clone, Default)]
struct Vendor {
    faults: Arc<OnceLock<Faults>>,
    before: Arc<Mutex<Vec<Trips>>>,
}

impl Vendor {
    async fn serve(&self) -> String {
        let vendor = self.clone();
        let answer = move || async move {
            let trips = vendor.faults.get().expect("a site").trips();
            vendor.before.lock().expect("trips").push(trips);
            let answer = json!({
                "id": "x", "object": "chat.completion", "created": 1, "model": "sandbox",
                "choices": [{ "index": 0, "message": { "role": "assistant", "content": "Да" }, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6 }
            });
            ([(CONTENT_TYPE, "application/json")], answer.to_string())
        };
        serve(Router::new().route("/chat/completions", post(answer))).await
    }

    /// What was asked before the last call, in alphabetical order, because what is asked at once comes in any.
    fn before(&self) -> (Vec<String>, usize) {
        let (mut calls, trips) = self.before.lock().expect("trips").pop().expect("the vendor was asked");
        calls.sort();
        (calls, trips)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendor_is_asked_after_two_round_trips_at_most() {
    let vendor = Vendor::default();
    let url = vendor.serve().await;
    let site = Site::with("10", &[("OpenAiBaseUrl", &url), ("OpenAiApiKey", "key")]).await;
    assert!(vendor.faults.set(site.faults.clone()).is_ok());
    let ask = async |bearer: &str, more: Value| {
        site.faults.trips();
        let body = chat_request("good", more);
        let (status, answer) = site.call(Method::POST, "/api/v1/chat/completions", bearer, &body).await;
        assert_eq!(status, 200, "{answer}");
        (vendor.before(), site.faults.trips())
    };
    let calls = |names: &[&str], trips: usize| (names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), trips);

    // The key is looked up while it is counted; then the hold, in one transaction.
    let new = site.new_key(&["chat"]).await;
    let (before, after) = ask(&new, Value::Null).await;
    assert_eq!(before, calls(&["GetItem", "TransactWriteItems", "UpdateItem"], 2));
    // What it cost is captured while the message about it is sent.
    let (mut names, trips) = after;
    names.sort();
    assert_eq!((names, trips), calls(&["SendMessage", "TransactWriteItems"], 1));

    // An instance remembers a key for a while, and a token speaks for itself.
    for bearer in [&new, &site.token] {
        let (before, _) = ask(bearer, Value::Null).await;
        assert_eq!(before, calls(&["TransactWriteItems", "UpdateItem"], 2));
    }
}
