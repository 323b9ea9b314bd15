//! `POST /api/v1/embeddings`

use reqwest::Method;
use serde_json::json;

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_become_vectors_that_are_paid_for_and_counted() {
    let site = Site::new("10").await;
    for path in ["/api/v1/embeddings", "/v1/embeddings"] {
        let body = json!({ "model": "vectors", "input": ["Привет!", "Как дела?"] });
        let (status, answer) = site.call(Method::POST, path, &site.key, &body).await;
        assert_eq!((status, &answer["object"], &answer["model"]), (200, &json!("list"), &json!("vectors")), "{answer}");
        let vectors = answer["data"].as_array().expect("vectors");
        assert_eq!(vectors.len(), 2);
        assert!(vectors.iter().all(|vector| vector["embedding"].as_array().is_some_and(|it| !it.is_empty())));
        let debits = site.get("/api/v1/billing/transactions?type=DEBIT&limit=1").await;
        assert_eq!(debits["data"][0]["amount"], answer["cost"]);
        assert_eq!(debits["data"][0]["metadata"]["tokens"], answer["usage"]["total_tokens"]);
    }
    assert_eq!(site.count().await, 2);
    let usage = site.get("/api/v1/analytics/usage?model=vectors").await;
    assert_eq!(usage["summary"]["totalRequests"], 2);
    let reader = site.new_key(&["analytics"]).await;
    for (bearer, body, wanted) in [
        (&site.key, json!({ "model": "vectors", "input": [] }), 400),
        (&site.key, json!({ "model": "good", "input": "x" }), 404),
        (&reader, json!({ "model": "vectors", "input": "x" }), 403),
    ] {
        let (status, refusal) = site.call(Method::POST, "/api/v1/embeddings", bearer, &body).await;
        assert_eq!(status, wanted, "{refusal}");
    }
}
