//! Money comes in: payments and deposits, and what the provider tells of them.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::hooks::{SECRET, Server};
use super::{Site, text};

/// A hundred roubles for a dollar, so that kopecks are cents.
async fn site() -> Site {
    Site::with("0", &[("AggregatorRoublesPerDollar", "100"), ("AggregatorRateLimitBilling", "1000/60")]).await
}

impl Site {
    async fn create(&self, path: &str, body: Value) -> Value {
        let (status, made) = self.call(Method::POST, path, &self.token, &body).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    async fn pay(&self, amount: Value) -> Value {
        self.create("/api/v1/payments", json!({ "amount": amount, "currency": "RUB" })).await
    }

    /// What the payer does on the provider's page; `pay-later` keeps the notice back until `notify`.
    async fn at_provider(&self, page: &Value, action: &str) {
        let answer = self.client().post(format!("{}/{action}", text(page))).send().await.expect("answer");
        assert_eq!(answer.status(), 200, "the page is shown again after {action}");
    }

    async fn payment(&self, made: &Value) -> Value {
        self.get(&format!("/api/v1/payments/{}", text(&made["id"]))).await
    }

    async fn has(&self) -> String {
        self.balance().await.0
    }

    async fn refused(&self, path: &str, body: Value, field: &str) {
        let (status, answer) = self.call(Method::POST, path, &self.token, &body).await;
        assert_eq!((status, &answer["details"][0]["field"]), (400, &json!(field)), "{body} {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_in_roubles_is_credited_in_dollars_at_the_rate_that_it_keeps() {
    let site = site().await;
    let body = json!({ "amount": 1000.00, "currency": "RUB", "description": "Пополнение баланса" });
    let made = site.create("/api/v1/payments", body).await;
    assert_eq!(
        made,
        json!({ "id": made["id"], "status": "pending", "confirmationUrl": made["confirmationUrl"], "amount": "1000.00", "currency": "RUB" })
    );
    let pending = site.payment(&made).await;
    assert_eq!((&pending["status"], &pending["paidAt"]), (&json!("pending"), &Value::Null));
    assert_eq!(pending["confirmationUrl"], made["confirmationUrl"], "whoever lost the page finds it here");
    assert_eq!(site.has().await, "0");

    site.at_provider(&made["confirmationUrl"], "pay").await;
    let paid = site.payment(&made).await;
    for (field, wanted) in [
        ("id", &made["id"]),
        ("status", &json!("succeeded")),
        ("amount", &json!("1000.00")),
        ("currency", &json!("RUB")),
        ("creditUsd", &json!(10)),
        ("exchangeRate", &json!("100.0000")),
    ] {
        assert_eq!(&paid[field], wanted, "{field}");
    }
    assert!(paid["yookassaId"].is_string() && paid["paidAt"].is_string() && paid["createdAt"].is_string(), "{paid}");
    assert!(paid.get("confirmationUrl").is_none(), "it is paid");
    assert_eq!(site.has().await, "10");

    let credits = site.get("/api/v1/billing/transactions?type=CREDIT").await;
    let credit = &credits["data"][0];
    assert_eq!((&credit["id"], &credit["amount"], &credit["type"]), (&made["id"], &json!(10), &json!("CREDIT")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_in_dollars_is_paid_in_roubles() {
    let site = Site::with("0", &[("AggregatorRoublesPerDollar", "92.5058")]).await;
    let body = json!({ "amount": 50.00, "currency": "USD", "paymentMethod": "card" });
    let made = site.create("/api/v1/billing/deposit", body).await;
    let wanted = json!({
        "transactionId": made["transactionId"], "amount": 50, "currency": "USD", "status": "pending",
        "paymentUrl": made["paymentUrl"], "amountRub": "4625.29", "exchangeRate": "92.5058",
    });
    assert_eq!(made, wanted);
    site.at_provider(&made["paymentUrl"], "pay").await;
    assert_eq!(site.has().await, "50", "to the cent, whatever the rate");
    let made = site.create("/api/v1/billing/deposit", json!({ "amount": "250.50", "currency": "RUB" })).await;
    assert_eq!((&made["amount"], &made["currency"]), (&json!(250.50), &json!("RUB")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_often_or_at_once_is_credited_once() {
    let site = site().await;
    let made = site.pay(json!(100)).await;
    site.at_provider(&made["confirmationUrl"], "pay-twice").await;
    join_all((0..8).map(|_| site.at_provider(&made["confirmationUrl"], "repeat"))).await;
    assert_eq!(site.has().await, "1");
    // A reconciliation asks about it too.
    site.clock.advance(6 * 60);
    site.run_schedule("reconciliation-cron").await.expect("reconciliation");
    assert_eq!(site.has().await, "1");
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
async fn what_nobody_pays_is_cancelled_and_what_comes_late_is_credited() {
    let site = site().await;
    let (cancelled, left, late) = (site.pay(json!(100)).await, site.pay(json!(200)).await, site.pay(json!(300)).await);
    site.at_provider(&cancelled["confirmationUrl"], "cancel").await;
    assert_eq!(site.payment(&cancelled).await["status"], "canceled");
    site.clock.advance(61 * 60);
    assert_eq!(site.payment(&left).await["status"], "canceled", "an hour is over");
    site.at_provider(&late["confirmationUrl"], "pay").await;
    assert_eq!(site.payment(&late).await["status"], "succeeded");
    assert_eq!(site.has().await, "3");
    site.clock.advance(25 * 60 * 60);
    site.run_schedule("reconciliation-cron").await.expect("reconciliation");
    assert_eq!(site.payment(&left).await["status"], "canceled");

    let page = |query: &str| format!("/api/v1/payments{query}");
    let all = site.get(&page("")).await;
    let ids: Vec<_> = all["data"].as_array().expect("payments").iter().map(|payment| &payment["id"]).collect();
    assert_eq!(ids, [&late["id"], &left["id"], &cancelled["id"]], "the latest first");
    assert_eq!(all["pagination"], json!({ "page": 1, "limit": 20, "total": 3, "totalPages": 1 }));
    let cancelled = site.get(&page("?status=canceled&limit=1&page=2")).await;
    assert_eq!(cancelled["pagination"], json!({ "page": 2, "limit": 1, "total": 2, "totalPages": 2 }));
    for (status, total) in [("succeeded", 1), ("pending", 0), ("failed", 0)] {
        assert_eq!(site.get(&page(&format!("?status={status}"))).await["pagination"]["total"], total, "{status}");
    }
    let (status, answer) = site.call(Method::GET, &page("?status=paid"), &site.key, &Value::Null).await;
    assert_eq!((status, &answer["details"][0]["field"]), (400, &json!("status")), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_takes_back_what_is_there() {
    let site = site().await;
    let made = site.pay(json!(1000)).await;
    site.at_provider(&made["confirmationUrl"], "pay").await;
    site.at_provider(&made["confirmationUrl"], "refund-part").await;
    assert_eq!(site.has().await, "5");
    let payment = site.payment(&made).await;
    assert_eq!((&payment["status"], &payment["refunded"]), (&json!("succeeded"), &json!("500.00")));
    site.at_provider(&made["confirmationUrl"], "refund").await;
    assert_eq!(site.has().await, "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_with_its_key_makes_no_other_payment() {
    let site = site().await;
    let send = async |amount: u32| site.once("/api/v1/payments", &site.token, "k", &json!({ "amount": amount })).await;
    let answers = join_all(vec![send(500), send(500), send(500)]).await;
    let first = send(500).await;
    assert_eq!(first.0, 201);
    for (status, answer) in answers {
        // Of requests at the same time one may be asked to try again.
        assert!((status, &answer["id"]) == (201, &first.1["id"]) || status == 409, "{status} {answer}");
    }
    assert_eq!(send(501).await.0, 409);
    assert_eq!(site.get("/api/v1/payments").await["pagination"]["total"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_will_not_do_is_refused_with_the_field() {
    let site = site().await;
    for amount in [json!(99.99), json!(300_000.01), json!(100.001), json!(-100), json!("x"), json!(1e20), Value::Null] {
        site.refused("/api/v1/payments", json!({ "amount": amount }), "amount").await;
    }
    site.refused("/api/v1/payments", json!({ "amount": 100, "currency": "USD" }), "currency").await;
    site.refused("/api/v1/payments", json!({ "amount": 100, "description": "д".repeat(101) }), "description").await;
    site.refused("/api/v1/billing/deposit", json!({ "amount": 50, "currency": "EUR" }), "currency").await;
    site.refused("/api/v1/billing/deposit", json!({ "amount": 50, "paymentMethod": "cash" }), "paymentMethod").await;
    site.refused("/api/v1/billing/deposit", json!({ "amount": 3000.01 }), "amount").await;
    assert_eq!(site.get("/api/v1/payments").await["pagination"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_are_their_companys_alone() {
    let site = site().await;
    let made = site.pay(json!(100)).await;
    let path = format!("/api/v1/payments/{}", text(&made["id"]));
    let stranger = json!({ "email": "other@company.com", "password": "securepassword123", "name": "Other" });
    let (_, stranger) = site.call(Method::POST, "/api/v1/auth/register", "", &stranger).await;
    let stranger = text(&stranger["accessToken"]);
    let (status, answer) = site.call(Method::GET, &path, &stranger, &Value::Null).await;
    assert_eq!((status, &answer["code"]), (404, &json!("payment_not_found")), "{answer}");
    let (_, list) = site.call(Method::GET, "/api/v1/payments", &stranger, &Value::Null).await;
    assert_eq!(list["pagination"]["total"], 0);
    for path in ["/api/v1/payments/x", "/api/v1/payments/00000000-0000-0000-0000-000000000000"] {
        assert_eq!(site.call(Method::GET, path, &site.token, &Value::Null).await.0, 404, "{path}");
    }
    let chat = site.new_key(&["chat"]).await;
    for (method, path) in
        [(Method::GET, path.as_str()), (Method::GET, "/api/v1/payments"), (Method::POST, "/api/v1/payments")]
    {
        let body = if method == Method::POST { json!({ "amount": 100 }) } else { Value::Null };
        assert_eq!(site.call(method.clone(), path, &chat, &body).await.0, 403, "{method} {path}");
        assert_eq!(site.call(method, path, "", &body).await.0, 401, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_notice_moves_nothing() {
    let site = site().await;
    let made = site.pay(json!(100)).await;
    let payment = site.payment(&made).await;
    // The address is a trusted one, but the provider knows better: nothing is paid.
    let object = json!({ "id": payment["yookassaId"], "status": "succeeded", "paid": true, "amount": { "value": "100.00", "currency": "RUB" },
        "metadata": { "payment_id": made["id"] } });
    let notice = json!({ "type": "notification", "event": "payment.succeeded", "object": object });
    assert_eq!(site.tell(&notice).await.0, 200, "a real object, of which nothing has happened");
    let mut unknown = notice.clone();
    unknown["object"]["id"] = "2d000000-000f-5000-8000-000000000000".into();
    let (status, answer) = site.tell(&unknown).await;
    assert_eq!((status, &answer["code"]), (401, &json!("invalid_signature")), "{answer}");
    assert_eq!(site.tell(&json!({ "type": "notification" })).await.0, 400);
    assert_eq!(site.has().await, "0");
    assert_eq!(site.payment(&made).await["status"], "pending");
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
