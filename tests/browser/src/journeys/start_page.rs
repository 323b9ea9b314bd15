//! The start page and the API reference.

use serde_json::Value;

use super::register;
use crate::driver::{Outcome, Visitor};

pub(super) async fn shows_what_runs_without_a_reload(visitor: &Visitor<'_>) -> Outcome {
    visitor.open("/").await?;
    visitor.see("h1", "Quintet").await?;
    for link in ["Open the app", "API reference", "Payments", "Mailbox", "Google", "Yandex"] {
        visitor.see("main a", link).await?;
    }
    visitor.see("#queues tr", "GenerationQueue").await?;
    visitor.picture("at-first").await?;

    // A call of the product shows on the page without a reload.
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

/// Sends the request that the reference shows for an operation, given as `METHOD/path`.
async fn send_from_reference(visitor: &Visitor<'_>, product: &str, tag: &str, operation: &str) -> Outcome {
    visitor.open(&format!("/reference/{product}#tag/{tag}/{operation}")).await?;
    visitor.press_at(&format!("section[id$='{operation}'] .show-api-client-button")).await?;
    visitor.press_at("[role=dialog] [data-addressbar-action=send]").await
}

pub(super) async fn calls_endpoints_from_the_reference(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    visitor.open("/").await?;
    visitor.press_at("main a[href='/reference/easy-writer']").await?;
    visitor.see("h1", "Easy Writer").await?;
    visitor.picture("top").await?;

    // The access token of the app is filled in.
    send_from_reference(visitor, "easy-writer", "user", "GET/api/v1/user/balance").await?;
    visitor.see("[role=dialog]", "\"balance\": 100").await?;
    visitor.picture("response").await?;

    // Cookies are sent along, and the access token of a response is filled in.
    visitor.ask("sessionStorage.clear(), localStorage.clear()").await?;
    send_from_reference(visitor, "easy-writer", "auth", "POST/api/v1/auth/refresh").await?;
    visitor.wait("a renewed token", "sessionStorage.getItem('easy-writer.token')").await?;

    let hosts = "new Set(performance.getEntriesByType('resource').map(({ name }) => new URL(name).hostname))";
    let others = format!("[...{hosts}].filter((host) => host !== location.hostname).join()");
    let others = visitor.ask(&others).await?;
    if others != "" {
        return Err(format!("the reference calls other hosts: {others}").into());
    }

    send_from_reference(visitor, "aggregator", "models", "GET/api/v1/models").await?;
    visitor.see("[role=dialog]", "invalid_api_key").await?;
    visitor.picture("aggregator").await?;
    Ok(())
}
