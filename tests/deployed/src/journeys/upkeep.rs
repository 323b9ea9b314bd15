//! What operators are there for: letters that nobody could read, messages that were lost, jobs that lead nowhere, the books.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;

use crate::operator::{self, Place};
use crate::site::{number, text};
use crate::user::User;
use crate::{Outcome, Site, ensure};

/// The item of a job.
fn job(user: &User<'_>, kind: &str, id: &str) -> Place {
    Place { pk: format!("JOBS#{}", user.id), sk: format!("{kind}#{id}") }
}

pub(super) async fn a_message_that_fails_is_kept_and_can_be_redriven(site: &Site) -> Outcome {
    const QUEUE: &str = "GenerationQueue";
    const DEAD_LETTERS: &str = "GenerationDeadLetters";
    let user = site.newcomer().await?;
    let (session, path) = site.operator.holding_back(QUEUE, user.start_essay()).await?;
    // A job that no worker can begin.
    let place = job(&user, "JOB", &session);
    let attempts = site.operator.write(&place, "attempts", operator::text("many")).await?;
    let message = json!({ "owner": user.id, "kind": "text", "job": session }).to_string();
    let fail = async {
        site.operator.send(QUEUE, &message).await?;
        site.operator.wait_for(DEAD_LETTERS, &session).await
    };
    // Five times, at once rather than every hour and a half.
    let letter = site.operator.with(QUEUE, QueueAttributeName::VisibilityTimeout, "1", fail).await?;
    // The reason is removed, and the letter goes where it came from.
    site.operator.write(&place, "attempts", attempts).await?;
    user.has(50).await?;
    let mut watching = user.watch(&path).await?;
    site.operator.redrive(DEAD_LETTERS, &letter, QUEUE).await?;
    let cost = number(&watching.until_the_end().await?, "cost_raits")?;
    user.books(&[-cost, 100]).await?;
    // Once more does nothing more. What is started after it ends after it.
    site.operator.send(QUEUE, &message).await?;
    let (_, path) = user.start_essay().await?;
    let next = number(&user.watch(&path).await?.until_the_end().await?, "cost_raits")?;
    user.books(&[-next, -cost, 100]).await
}

pub(super) async fn the_sweeper_sends_what_was_lost(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let (session, essay) = site.operator.holding_back("GenerationQueue", user.start_essay()).await?;
    let order = async {
        let order = json!({ "prompt": "Осенний лес", "format": "messenger" });
        user.post("/images/generate", &order).await?.data(202)
    };
    let ordered = site.operator.holding_back("ImageQueue", order).await?;
    let (image, picture) = (text(&ordered, "image_id")?, text(&ordered, "websocket_url")?);
    let (mut essay, mut picture) = (user.watch(&essay).await?, user.watch(&picture).await?);
    essay.until("connected").await?;
    picture.until("connected").await?;
    let ghosts = [site.operator.haunt(&session).await?, site.operator.haunt(&image).await?];
    site.operator.make_due(&job(&user, "JOB", &session)).await?;
    site.operator.make_due(&job(&user, "IMAGE", &image)).await?;
    site.operator.run("easy-writer-maintenance-cron").await?;
    let cost = number(&essay.until_the_end().await?, "cost_raits")?;
    picture.until("completed").await?;
    // Those who are not there any more are forgotten.
    for ghost in &ghosts {
        site.operator.vanishes(ghost).await?;
    }
    let ghost = site.operator.haunt(&session).await?;
    let greeting = json!({ "connection": ghost.sk, "kind": "text", "channel": session, "owner": user.id });
    site.operator.send("ReplayQueue", &greeting.to_string()).await?;
    site.operator.vanishes(&ghost).await?;
    user.books(&[-20, -cost, 100]).await
}

pub(super) async fn the_sweeper_gives_up_and_the_money_comes_back(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let (session, path) = site.operator.holding_back("GenerationQueue", user.start_essay()).await?;
    user.has(50).await?;
    let mut watching = user.watch(&path).await?;
    watching.until("connected").await?;
    let place = job(&user, "JOB", &session);
    site.operator.write(&place, "attempts", operator::number(3)).await?;
    site.operator.make_due(&place).await?;
    let ghost = site.operator.haunt(&session).await?;
    site.operator.run("easy-writer-maintenance-cron").await?;
    site.operator.vanishes(&ghost).await?;
    let told = watching.until("error").await?;
    ensure!(told["code"] == "GENERATION_FAILED", "{told}");
    let failed = user.get(&format!("/generation/sessions/{session}")).await?.data(200)?;
    ensure!(failed["status"] == "failed" && failed["cost_raits"] == 0, "{failed}");
    user.books(&[100]).await
}

pub(super) async fn the_books_are_checked(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    site.operator.run("easy-writer-ledger-cron").await?;
    // Somebody wrote to an account past the ledger. It is looked at twice, and reported; nothing is changed.
    let place = Place { pk: format!("ACCOUNT#{}", user.id), sk: "BALANCE".to_owned() };
    let right = site.operator.write(&place, "available", operator::number(101)).await?;
    let checked = site.operator.run("easy-writer-ledger-cron").await;
    let found = site.operator.write(&place, "available", right).await?;
    checked?;
    ensure!(found == operator::number(101), "the check wrote {found:?}");
    user.books(&[100]).await
}
