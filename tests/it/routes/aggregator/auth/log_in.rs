//! `POST /api/v1/auth/login`

use reqwest::Method;
use serde_json::json;

use crate::aggregator::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_signs_in_however_it_writes_its_address() {
    let site = Site::new("0").await;
    let body = json!({ "email": "Admin@Company.com", "password": "securepassword123" });
    let (status, signed_in) = site.call(Method::POST, "/api/v1/auth/login", "", &body).await;
    assert_eq!(status, 200);
    let company = json!({
        "id": site.company.to_string(), "email": "admin@company.com", "name": "My Company", "role": "company",
        "isVerified": false,
    });
    assert_eq!(signed_in["company"], company);
    assert_eq!((&signed_in["tokenType"], &signed_in["expiresIn"]), (&json!("Bearer"), &json!(3600)));
}
