//! What operators are there for: calls that were not counted, the books.

use serde_json::json;

use crate::company::Company;
use crate::operator::{self, Place};
use crate::site::text;
use crate::{Outcome, Site, ensure};

pub(in crate::journeys) async fn a_call_is_counted_although_its_message_was_lost(site: &Site) -> Outcome {
    let company = Company::newcomer(site).await?;
    let chat = async { company.chat(&json!({})).await?.bare(200) };
    site.operator.holding_back("UsageQueue", chat).await?;
    let statement = company.get("/billing/transactions?type=DEBIT").await?;
    let operation = text(&statement["data"][0], "id")?;
    let usage = company.get("/analytics/usage").await?;
    ensure!(usage["summary"]["totalRequests"] == 0, "{usage}");
    let place = Place { pk: format!("ACCOUNT#{}", company.id), sk: format!("ENTRY#{operation}") };
    site.operator.make_due(&place).await?;
    site.operator.run("aggregator-maintenance-cron").await?;
    company.until("/analytics/usage", |usage| usage["summary"]["totalRequests"] == 1).await?;
    company.books(2).await
}

pub(in crate::journeys) async fn the_books_are_checked(site: &Site) -> Outcome {
    let company = Company::newcomer(site).await?;
    site.operator.run("aggregator-ledger-cron").await?;
    // Somebody wrote to an account past the ledger. It is looked at twice, and reported; nothing is changed.
    let place = Place { pk: format!("ACCOUNT#{}", company.id), sk: "BALANCE".to_owned() };
    let right = site.operator.write(&place, "available", operator::number(1)).await?;
    let checked = site.operator.run("aggregator-ledger-cron").await;
    let found = site.operator.write(&place, "available", right).await?;
    checked?;
    ensure!(found == operator::number(1), "the check wrote {found:?}");
    company.books(1).await
}
