//! `POST /api/v1/webhooks/{id}/deliveries/{delivery_id}/replay`

use reqwest::Method;
use serde_json::{Value, json};

use crate::aggregator::hooks::{SECRET, Server, statuses};
use crate::aggregator::{Site, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_is_left_alone_and_its_company_told_once() {
    let server = Server::start().await;
    let site = Site::new("1").await;
    let (_, path) = site.webhook(&server.url).await;
    server.answer(&[410]);
    site.happen().await;
    assert_eq!(site.drain("WebhookQueue").await, 1);
    let (_, webhook) = site.webhooks(Method::GET, &path, &Value::Null).await;
    assert_eq!((&webhook["isActive"], &webhook["disabledReason"]), (&json!(false), &json!("gone")));
    let [letter] = &site.letters_about("Вебхук отключён").await[..] else { panic!("one letter") };
    assert_eq!(letter["to"], "admin@company.com");
    assert!(text(&letter["text"]).contains(&server.url), "{letter}");
    site.happen().await;
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (0, 1), "nothing is sent any more");

    let [cancelled] = &site.log(&path).await[..] else { panic!("one delivery") };
    assert_eq!((&cancelled["status"], statuses(cancelled)), (&json!("cancelled"), vec![410]));
    let replay = format!("{path}/deliveries/{}/replay", text(&cancelled["id"]));
    let (status, refusal) = site.webhooks(Method::POST, &replay, &Value::Null).await;
    assert_eq!((status, &refusal["details"][0]["code"]), (400, &json!("inactive")));
    let (_, enabled) = site.webhooks(Method::PATCH, &path, &json!({ "isActive": true })).await;
    assert_eq!((&enabled["isActive"], &enabled["disabledReason"]), (&json!(true), &Value::Null));
    let (status, replayed) = site.webhooks(Method::POST, &replay, &Value::Null).await;
    assert_eq!((status, &replayed["status"], &replayed["id"]), (202, &json!("pending"), &cancelled["id"]));
    let (status, refusal) = site.webhooks(Method::POST, &replay, &Value::Null).await;
    assert_eq!((status, &refusal["code"]), (409, &json!("in_progress")));
    assert_eq!((site.drain("WebhookQueue").await, server.got().len()), (1, 2));
    let again = server.got().pop().expect("a call");
    assert_eq!(again.header("webhook-id"), text(&cancelled["eventId"]));
    again.check(SECRET);
}
