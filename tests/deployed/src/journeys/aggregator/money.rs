//! Money comes in, on YooKassa's page as the sandbox shows it.

use reqwest::Method;
use serde_json::{Value, json};

use super::hooks::{Server, subscribe};
use crate::company::Company;
use crate::operator::Place;
use crate::site::{Reply, text};
use crate::user::new_key;
use crate::{Outcome, Site, ensure};

/// Presses a button of the provider's page.
async fn press(site: &Site, page: &str, button: &str) -> Outcome {
    let pressed = Reply::of(site.http.request(Method::POST, format!("{page}/{button}"))).await?;
    ensure!(pressed.status == 303, "{pressed}");
    let shown = site.http.get(page).send().await?.text().await?;
    ensure!(!shown.contains("не принято"), "a notice is not taken: {shown}");
    Ok(())
}

/// Begins a payment. Its id, and where its page is.
pub(super) async fn begin(company: &Company<'_>) -> Outcome<(String, String)> {
    let body = json!({ "amount": 1000, "currency": "RUB", "description": "Пополнение баланса" });
    let once = new_key();
    let ask = || Reply::of(company.request(Method::POST, "/payments").header("idempotency-key", &once).json(&body));
    let begun = ask().await?.bare(201)?;
    ensure!(begun["status"] == "pending" && begun["amount"] == "1000.00", "{begun}");
    ensure!(ask().await?.bare(201)?["id"] == begun["id"], "the same request makes a second payment");
    Ok((text(&begun, "id")?, text(&begun, "confirmationUrl")?))
}

async fn is(company: &Company<'_>, payment: &str, status: &str) -> Outcome<Value> {
    let found = company.get(&format!("/payments/{payment}")).await?;
    ensure!(found["status"] == status, "{found} and not {status}");
    Ok(found)
}

pub(in crate::journeys) async fn pays_and_gets_money_back(site: &Site) -> Outcome {
    let company = Company::register(site).await?;
    let deposit = json!({ "amount": 5, "currency": "USD", "paymentMethod": "card" });
    let deposit = company.post("/billing/deposit", &deposit).await?.bare(201)?;
    press(site, &text(&deposit, "paymentUrl")?, "pay").await?;
    ensure!(company.balance().await? == 5_000_000_000, "{deposit} is credited otherwise");

    let (payment, page) = begin(&company).await?;
    is(&company, &payment, "pending").await?;
    press(site, &page, "pay").await?;
    let paid = is(&company, &payment, "succeeded").await?;
    ensure!(paid["yookassaId"].is_string() && paid["paidAt"].is_string(), "{paid}");
    let payments = company.get("/payments?status=succeeded").await?;
    ensure!(payments["pagination"]["total"] == 2, "{payments}");
    press(site, &page, "refund").await?;
    company.books(3).await?;
    ensure!(company.balance().await? == 5_000_000_000, "the refund takes something else");
    company.post("/payments", &json!({ "amount": 1, "currency": "RUB" })).await?.failure(400, "invalid_request")?;
    let forged = json!({ "type": "notification", "event": "payment.succeeded", "object": { "id": "2d000000-000f-5000-8000-000000000000" } });
    site.post("/payments/webhook/yookassa", &forged).await?.failure(401, "invalid_signature")?;
    Ok(())
}

pub(in crate::journeys) async fn is_credited_although_no_notice_came(site: &Site) -> Outcome {
    let company = Company::register(site).await?;
    let mut server = Server::start().await?;
    subscribe(&company, &server).await?;
    let (payment, page) = begin(&company).await?;
    press(site, &page, "pay-later").await?;
    is(&company, &payment, "pending").await?;
    site.operator.make_due(&Place { pk: format!("PAYMENT#{payment}"), sk: "INTENT".to_owned() }).await?;
    site.operator.run("aggregator-reconciliation-cron").await?;
    is(&company, &payment, "succeeded").await?;
    let told = server.told("payment.succeeded").await?;
    ensure!(told["data"]["paymentId"] == payment, "{told}");
    // The notice comes after all.
    press(site, &page, "notify").await?;
    company.books(1).await
}
