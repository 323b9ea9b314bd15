//! What people do. One file per part of the console; a new journey is a function and a line in [`ALL`].

mod account;
mod history;
mod images;
mod looks;
mod money;
mod sign_in;
mod start_page;
mod tools;
mod whole;

use futures_util::future::BoxFuture;

use crate::driver::{Outcome, Visitor, new_email};

/// Something that a person does from beginning to end.
pub(crate) type Journey = for<'a, 'b> fn(&'a Visitor<'b>) -> BoxFuture<'a, Outcome>;

/// All journeys, in the order in which they are made.
pub(crate) const ALL: &[(&str, Journey)] = &[
    ("start page", |visitor| Box::pin(start_page::shows_what_runs_without_a_reload(visitor))),
    ("API reference", |visitor| Box::pin(start_page::calls_endpoints_from_the_reference(visitor))),
    ("account", |visitor| Box::pin(account::registers_leaves_and_comes_back(visitor))),
    ("sign-in that failed", |visitor| Box::pin(account::is_told_why_a_sign_in_elsewhere_failed(visitor))),
    ("Google", |visitor| Box::pin(sign_in::signs_in_through_google(visitor))),
    ("Yandex", |visitor| Box::pin(sign_in::signs_in_through_yandex_without_an_address(visitor))),
    ("quick tool", |visitor| Box::pin(tools::corrects_a_text(visitor))),
    ("form errors", |visitor| Box::pin(tools::is_told_what_is_wrong_beside_each_field(visitor))),
    ("standard tool", |visitor| Box::pin(tools::watches_an_essay_being_written(visitor))),
    ("stop", |visitor| Box::pin(tools::stops_a_run_and_gets_the_money_back(visitor))),
    ("history", |visitor| Box::pin(history::finds_and_removes_a_run(visitor))),
    ("images", |visitor| Box::pin(images::orders_and_enlarges_a_picture(visitor))),
    ("top-up", |visitor| Box::pin(money::tops_up(visitor))),
    ("whole", |visitor| Box::pin(whole::signs_in_tops_up_draws_and_checks_the_books(visitor))),
    ("looks", |visitor| Box::pin(looks::is_readable_in_the_dark_and_on_a_telephone(visitor))),
];

const PASSWORD: &str = "pass123456";

/// Registers a new user and returns the email.
async fn register(visitor: &Visitor<'_>) -> Outcome<String> {
    let email = new_email();
    visitor.open("/easy-writer").await?;
    visitor.fill("Почта", &email).await?;
    visitor.fill("Пароль", PASSWORD).await?;
    visitor.press("Зарегистрироваться").await?;
    visitor.see("#balance", "100 Ꝑ").await?;
    visitor.see("#who", &email).await?;
    Ok(email)
}

/// Goes to a tool by its tab and name, as a person does.
async fn open_tool(visitor: &Visitor<'_>, tab: &str, tool: &str) -> Outcome {
    visitor.press("Инструменты").await?;
    visitor.press(tab).await?;
    visitor.press(tool).await?;
    visitor.see("h1", tool).await?;
    Ok(())
}
