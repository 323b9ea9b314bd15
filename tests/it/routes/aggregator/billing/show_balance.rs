//! `GET /api/v1/billing/balance`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_sees_what_it_has_and_so_does_a_key_that_may() {
    let site = Site::new("1").await;
    for bearer in [&site.token, &site.key] {
        let (status, balance) = site.call(Method::GET, "/api/v1/billing/balance", bearer, &Value::Null).await;
        assert_eq!((status, &balance["companyId"]), (200, &json!(site.company.to_string())));
        assert_eq!(
            (&balance["balance"], &balance["reserved"], &balance["available"]),
            (&json!(1), &json!(0), &json!(1))
        );
        assert_eq!((&balance["creditLimit"], &balance["currency"]), (&json!(0), &json!("USD")));
    }
    let chat = site.new_key(&["chat"]).await;
    assert_eq!(site.call(Method::GET, "/api/v1/billing/balance", &chat, &Value::Null).await.0, 403);
}
