//! The start page and the API reference.

use serde_json::Value;

use crate::driver::{Outcome, Visitor};

pub(super) async fn shows_what_runs_without_a_reload(visitor: &Visitor<'_>) -> Outcome {
    visitor.open("/").await?;
    visitor.see("h1", "Quintet").await?;
    for link in ["Open the app", "API reference", "Payments", "Mailbox", "Google", "Yandex"] {
        visitor.see("main a", link).await?;
    }
    visitor.see("#queues tr", "GenerationQueue").await?;
    visitor.picture("at-first").await?;

    // Somebody uses the product; the page is told without being loaded again.
    visitor.ask("window.stays = true").await?;
    let figure = "Number(document.querySelector('tr[data-name=\"easy-writer-tools\"]').cells[1].textContent)";
    let before = visitor.ask(figure).await?;
    let card = "[...document.querySelectorAll('main section.card')].find((card) => card.querySelector('h2')?.textContent === 'Easy Writer')";
    let api = visitor.ask(&format!("{card}.querySelector('code').textContent")).await?;
    let tabs = format!("fetch({api} + '/api/v1/tools/tabs').then((answer) => answer.ok)");
    if visitor.ask(&tabs).await? != Value::Bool(true) {
        return Err("the product does not answer the console".into());
    }
    visitor.wait("another invocation", &format!("window.stays && {figure} > {before}")).await?;
    Ok(())
}

pub(super) async fn calls_an_endpoint_from_the_reference(visitor: &Visitor<'_>) -> Outcome {
    visitor.open("/").await?;
    visitor.press_at("main a[href='/reference/easy-writer']").await?;
    visitor.see("h1", "Easy Writer").await?;
    visitor.press("/api/v1/tools/tabs").await?;
    visitor.press("Send").await?;
    visitor.see("pre", "На каждый день").await?;
    visitor.picture("answer").await?;
    Ok(())
}
