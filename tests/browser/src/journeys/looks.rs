//! Dark pages, narrow pages, and pages without a mouse.

use super::{open_tool, register};
use crate::driver::{Outcome, Visitor};

pub(super) async fn is_readable_in_the_dark_and_on_a_telephone(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    visitor.prefer("dark").await?;
    let background = visitor.ask("getComputedStyle(document.body).backgroundColor").await?;
    if background != "rgb(20, 23, 26)" {
        return Err(format!("the page is {background} in the dark").into());
    }
    visitor.picture("dark").await?;
    open_tool(visitor, "Маркетинг", "Карточка товара").await?;
    visitor.picture("dark-form").await?;

    visitor.prefer("light").await?;
    visitor.hold_a_telephone().await?;
    visitor.open("/easy-writer#/tools").await?;
    visitor.see("h1", "Инструменты").await?;
    visitor.wait("a page as wide as the screen", "document.documentElement.scrollWidth <= innerWidth").await?;
    visitor.picture("telephone").await?;
    visitor.open("/").await?;
    visitor.wait("a page as wide as the screen", "document.documentElement.scrollWidth <= innerWidth").await?;
    visitor.picture("telephone-start").await?;

    // Every control has a name that can be read out.
    visitor.open("/easy-writer#/profile").await?;
    visitor.see("h1", "Профиль").await?;
    let nameless =
        "all('input, select, textarea').filter((control) => !(control.labels && control.labels.length)).length";
    if visitor.ask(nameless).await? != 0 {
        return Err("a control has no label".into());
    }
    Ok(())
}
