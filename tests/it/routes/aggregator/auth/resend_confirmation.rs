//! `POST /api/v1/auth/verify-email/resend`

use reqwest::Method;
use serde_json::Value;

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_company_gets_another_letter_whose_link_works() {
    let site = Site::new("0").await;
    let first = site.letter().await;
    site.clock.advance(1);
    let resend = "/api/v1/auth/verify-email/resend";
    assert_eq!(site.call(Method::POST, resend, &site.token, &Value::Null).await.0, 200);
    assert_eq!(site.call(Method::POST, resend, &site.key, &Value::Null).await.0, 403, "a key is not the company");
    let again = site.letter().await;
    assert_ne!(again, first);
    assert_eq!(site.call(Method::GET, &again, "", &Value::Null).await.0, 200);
}
