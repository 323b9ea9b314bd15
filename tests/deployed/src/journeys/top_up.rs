//! Top-ups, with the pages of providers that the sandbox shows.

use reqwest::Method;
use serde_json::{Value, json};

use crate::operator::Place;
use crate::site::{Reply, text};
use crate::user::{User, new_key};
use crate::{Outcome, Site, ensure};

const PROVIDERS: [&str; 4] = ["yookassa", "robokassa", "cloudpayments", "tbank"];

/// A payment that was begun.
struct Payment {
    id: String,
    /// Where its page is.
    page: String,
}

async fn begin(user: &User<'_>, provider: &str, roubles: i64) -> Outcome<Payment> {
    let body = json!({ "amount_rub": roubles, "provider": provider });
    let begun = user.post("/payments/create", &body).await?.data(200)?;
    ensure!(begun["amount_rub"] == roubles && begun["amount_raits"] == roubles * 10, "{begun}");
    let url = text(&begun, "payment_url")?;
    // Robokassa's payments begin when its page is first seen, which then shows where the payment is.
    let seen = Reply::of(user.site.http.request(Method::GET, &url)).await?;
    let page = if seen.location.is_empty() { url } else { seen.location };
    Ok(Payment { id: text(&begun, "payment_id")?, page })
}

impl Payment {
    /// Presses a button of the provider's page. What the page says then.
    async fn press(&self, site: &Site, button: &str) -> Outcome<String> {
        let pressed = Reply::of(site.http.request(Method::POST, format!("{}/{button}", self.page))).await?;
        ensure!(pressed.status == 303, "{pressed}");
        let page = site.http.get(&self.page).send().await?.text().await?;
        ensure!(!page.contains("не принято"), "a notice is not taken: {page}");
        Ok(page)
    }

    async fn status(&self, user: &User<'_>) -> Outcome<Value> {
        user.get(&format!("/payments/{}/status", self.id)).await?.data(200)
    }

    async fn is(&self, user: &User<'_>, status: &str) -> Outcome {
        let found = self.status(user).await?;
        ensure!(found["status"] == status, "{found} and not {status}");
        Ok(())
    }
}

pub(super) async fn pays_with_each_provider(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let methods = user.get("/payments/methods").await?.data(200)?;
    let ids: Vec<_> = methods["methods"].as_array().into_iter().flatten().map(|method| &method["id"]).collect();
    ensure!(ids == PROVIDERS, "{methods}");
    let mut balance = 100;
    for provider in PROVIDERS {
        let payment = begin(&user, provider, 500).await?;
        payment.is(&user, "pending").await?;
        payment.press(site, "pay-twice").await?;
        payment.is(&user, "completed").await?;
        balance += 5000;
        user.has(balance).await?;
        payment.press(site, "repeat").await?;
        user.has(balance).await?;
    }
    user.books(&[5000, 5000, 5000, 5000, 100]).await?;

    // The same request makes one payment.
    let (key, body) = (new_key(), json!({ "amount_rub": 100, "provider": "yookassa" }));
    let one = user.post_once("/payments/create", &key, &body).await?.data(200)?;
    let other = user.post_once("/payments/create", &key, &body).await?.data(200)?;
    ensure!(one["payment_id"] == other["payment_id"], "{one} and {other}");
    let stranger = site.newcomer().await?;
    let path = format!("/payments/{}/status", text(&one, "payment_id")?);
    stranger.get(&path).await?.refusal(404, "PAYMENT_NOT_FOUND")?;
    Ok(())
}

pub(super) async fn is_credited_nothing_without_proof(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let little = json!({ "amount_rub": 99, "provider": "yookassa" });
    user.post("/payments/create", &little).await?.refusal(400, "INVALID_AMOUNT")?;
    let unknown = json!({ "amount_rub": 100, "provider": "other" });
    user.post("/payments/create", &unknown).await?.refusal(400, "VALIDATION_ERROR")?;
    // After a card was declined one may try another one, except with ЮKassa.
    let ends = [
        ("yookassa", "decline", "failed"),
        ("robokassa", "decline", "pending"),
        ("cloudpayments", "decline", "pending"),
        ("tbank", "decline", "pending"),
        ("tbank", "cancel", "failed"),
    ];
    for (provider, button, status) in ends {
        let payment = begin(&user, provider, 100).await?;
        payment.press(site, button).await?;
        payment.is(&user, status).await?;
    }
    for provider in ["robokassa", "cloudpayments", "tbank"] {
        let forged = json!({ "OrderId": "1", "Amount": 10000, "Status": "CONFIRMED", "Token": "00" });
        let notice = user.post(&format!("/payments/webhook/{provider}"), &forged).await?;
        ensure!((400..500).contains(&notice.status), "a forged notice of {provider}: {notice}");
    }
    user.books(&[100]).await
}

pub(super) async fn gets_money_back(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    for provider in ["yookassa", "cloudpayments", "tbank"] {
        let payment = begin(&user, provider, 100).await?;
        payment.press(site, "pay").await?;
        user.has(1100).await?;
        payment.press(site, "refund").await?;
        payment.is(&user, "completed").await?;
        user.has(100).await.map_err(|cause| format!("{provider}: {cause}"))?;
    }
    user.books(&[-1000, 1000, -1000, 1000, -1000, 1000, 100]).await
}

pub(super) async fn is_credited_although_no_notice_came(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let mut paid = Vec::new();
    for provider in PROVIDERS {
        let payment = begin(&user, provider, 100).await?;
        payment.press(site, "pay-later").await?;
        payment.is(&user, "pending").await?;
        site.operator.make_due(&Place { pk: format!("PAYMENT#{}", payment.id), sk: "INTENT".to_owned() }).await?;
        paid.push(payment);
    }
    // And one that nobody pays: it is asked about, and nothing comes of it.
    let unpaid = begin(&user, "tbank", 100).await?;
    site.operator.make_due(&Place { pk: format!("PAYMENT#{}", unpaid.id), sk: "INTENT".to_owned() }).await?;
    site.operator.run("easy-writer-reconciliation-cron").await?;
    unpaid.is(&user, "pending").await?;
    for payment in &paid {
        payment.is(&user, "completed").await?;
    }
    user.books(&[1000, 1000, 1000, 1000, 100]).await?;
    // What comes after all changes nothing.
    for payment in &paid {
        payment.press(site, "notify").await?;
    }
    user.books(&[1000, 1000, 1000, 1000, 100]).await
}
