//! Money comes in: payments and deposits, and what the provider tells of them.

use reqwest::Method;
use serde_json::{Value, json};

use super::hooks::{SECRET, Server};
use super::{Site, text};

/// A hundred roubles for a dollar, so that kopecks are cents.
pub async fn site() -> Site {
    Site::with("0", &[("AggregatorRoublesPerDollar", "100"), ("AggregatorRateLimitBilling", "1000/60")]).await
}

impl Site {
    pub async fn create(&self, path: &str, body: Value) -> Value {
        let (status, made) = self.call(Method::POST, path, &self.token, &body).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    pub async fn pay(&self, amount: Value) -> Value {
        self.create("/api/v1/payments", json!({ "amount": amount, "currency": "RUB" })).await
    }

    /// What the payer does on the provider's page; `pay-later` keeps the notice back until `notify`.
    pub async fn at_provider(&self, page: &Value, action: &str) {
        let answer = self.client().post(format!("{}/{action}", text(page))).send().await.expect("answer");
        assert_eq!(answer.status(), 200, "the page is shown again after {action}");
    }

    pub async fn payment(&self, made: &Value) -> Value {
        self.get(&format!("/api/v1/payments/{}", text(&made["id"]))).await
    }

    pub async fn has(&self) -> String {
        self.balance().await.0
    }

    pub async fn refused(&self, path: &str, body: Value, field: &str) {
        let (status, answer) = self.call(Method::POST, path, &self.token, &body).await;
        assert_eq!((status, &answer["details"][0]["field"]), (400, &json!(field)), "{body} {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_got_lost_is_asked_for() {
    let site = site().await;
    let made = site.pay(json!("150.25")).await;
    site.at_provider(&made["confirmationUrl"], "pay-later").await;
    assert_eq!(site.payment(&made).await["status"], "pending");
    site.clock.advance(6 * 60);
    site.run_schedule("reconciliation-cron").await.expect("reconciliation");
    assert_eq!(site.payment(&made).await["status"], "succeeded");
    assert_eq!(site.has().await, "1.5025");
    // The notice comes after all.
    site.at_provider(&made["confirmationUrl"], "notify").await;
    assert_eq!(site.has().await, "1.5025");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_is_told_how_its_payments_end() {
    let (site, server) = (site().await, Server::start().await);
    let body = json!({ "url": server.url, "events": ["payment.succeeded", "payment.failed"], "secret": SECRET });
    let (status, made) = site.webhooks(Method::POST, "", &body).await;
    assert_eq!(status, 201, "{made}");
    let (paid, cancelled, left) = (site.pay(json!(1000)).await, site.pay(json!(200)).await, site.pay(json!(300)).await);
    site.at_provider(&paid["confirmationUrl"], "pay-twice").await;
    site.at_provider(&paid["confirmationUrl"], "repeat").await;
    site.at_provider(&cancelled["confirmationUrl"], "cancel").await;
    site.at_provider(&cancelled["confirmationUrl"], "repeat").await;
    assert_eq!(site.drain("WebhookQueue").await, 2, "each is told once, however often the provider tells it");
    site.clock.advance(26 * 60 * 60);
    site.run_schedule("reconciliation-cron").await.expect("reconciliation");
    assert_eq!(site.drain("WebhookQueue").await, 1, "so is one that is given up");
    let mut told: Vec<_> = server
        .got()
        .iter()
        .map(|got| {
            got.check(SECRET);
            got.json()
        })
        .collect();
    told.sort_by_key(|event| text(&event["data"]["amount"]));
    let data = |payment: &Value, amount: &str, status: &str, credited: Value| {
        json!({ "paymentId": payment["id"], "amount": amount, "currency": "RUB", "status": status, "creditedUsd": credited,
            "exchangeRate": "100.0000" })
    };
    let wanted = [
        ("payment.succeeded", data(&paid, "1000.00", "succeeded", json!("10"))),
        ("payment.failed", data(&cancelled, "200.00", "failed", Value::Null)),
        ("payment.failed", data(&left, "300.00", "failed", Value::Null)),
    ];
    let got: Vec<_> = told.iter().map(|told| (told["event"].as_str().expect("a name"), told["data"].clone())).collect();
    assert_eq!(got, wanted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_are_checked_every_night() {
    let site = site().await;
    let made = site.pay(json!(100)).await;
    site.at_provider(&made["confirmationUrl"], "pay").await;
    site.run_schedule("ledger-cron").await.expect("check");
}
