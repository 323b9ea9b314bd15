//! `POST /api/v1/webhooks/{id}/test`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::Site;
use crate::aggregator::hooks::{SECRET, Server, statuses};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_how_it_went_and_has_no_consequences() {
    let server = Server::start().await;
    let site = Site::new("0").await;
    let (_, path) = site.webhook(&server.url).await;
    let test = async || site.webhooks(Method::POST, &format!("{path}/test"), &Value::Null).await;
    let (status, went) = test().await;
    assert_eq!((status, &went["status"], &went["event"]), (200, &json!("delivered"), &json!("webhook.test")));
    let [got] = &server.got()[..] else { panic!("one call") };
    got.check(SECRET);
    assert_eq!((&got.json()["id"], &got.json()["event"]), (&went["id"], &json!("webhook.test")));
    server.answer(&[410]);
    let (status, went) = test().await;
    assert_eq!((status, &went["status"], statuses(&went)), (200, &json!("failed"), vec![410]));
    let nobody = json!({ "url": "http://127.0.0.1:1/hooks" });
    assert_eq!(site.webhooks(Method::PATCH, &path, &nobody).await.0, 200);
    let (_, went) = test().await;
    assert_eq!((&went["status"], &went["attempts"][0]["error"]), (&json!("failed"), &json!("unreachable")));
    let (_, webhook) = site.webhooks(Method::GET, &path, &Value::Null).await;
    assert_eq!((&webhook["isActive"], &webhook["failingSince"]), (&json!(true), &Value::Null));
    assert!(site.log(&path).await.is_empty() && site.letters_about("Вебхук отключён").await.is_empty());
}
