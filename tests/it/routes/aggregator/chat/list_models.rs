//! `GET /api/v1/models`, `GET /api/v1/models/{id}`, and the same below `/v1`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn models_are_listed_for_both_kinds_of_clients() {
    let site = Site::new("0").await;
    let models = site.get("/api/v1/models").await;
    assert_eq!((&models["object"], models["data"].as_array().map(Vec::len)), (&json!("list"), Some(8)));
    let good = &models["data"][0];
    assert_eq!(
        (&good["id"], &good["input_cost_per_token"], &good["is_available"]),
        (&json!("good"), &json!(0.001), &json!(true))
    );
    assert_eq!(site.get("/v1/models/good").await, *good);
    assert_eq!(site.call(Method::GET, "/v1/models/none", &site.key, &Value::Null).await.0, 404);
}
