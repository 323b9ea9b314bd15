//! `GET /api/v1/auth/verify-email`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_confirmed_by_the_link_of_a_letter_once() {
    let site = Site::new("0").await;
    let link = site.letter().await;
    for (times, status) in [(1, 200), (2, 401)] {
        assert_eq!(site.call(Method::GET, &link, "", &Value::Null).await.0, status, "time {times}");
    }
    let body = json!({ "email": "admin@company.com", "password": "securepassword123" });
    let (_, signed_in) = site.call(Method::POST, "/api/v1/auth/login", "", &body).await;
    assert_eq!(signed_in["company"]["isVerified"], true);
}
