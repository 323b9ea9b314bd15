//! Running tools.

use super::{open_tool, register};
use crate::driver::{Outcome, Visitor};

pub(super) async fn corrects_a_text(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    visitor.picture("tools").await?;
    open_tool(visitor, "На каждый день", "Проверка орфографии").await?;
    visitor.fill("Текст", "Превет мир").await?;
    visitor.press("Запустить").await?;
    visitor.see(".result .text", "Привет мир").await?;
    visitor.see(".result", "Списано 5 Ꝑ").await?;
    visitor.see("#balance", "95 Ꝑ").await?;
    visitor.picture("result").await?;
    Ok(())
}

pub(super) async fn is_told_what_is_wrong_beside_each_field(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    open_tool(visitor, "Обучение", "Эссе").await?;
    visitor.fill("Сколько слов", "5").await?;
    visitor.press("Запустить").await?;
    visitor.see(".error", "Минимальное значение: 200").await?;
    visitor
        .wait("the focus on what is wrong", "document.activeElement.getAttribute('aria-invalid') === 'true'")
        .await?;
    let named = "[...document.querySelectorAll('[aria-invalid=true]')].every((control) =>
        control.getAttribute('aria-describedby').split(' ').some((id) => visible(document.getElementById(id))))";
    visitor.wait("errors that belong to their fields", named).await?;
    visitor.picture("errors").await?;
    visitor.see("#balance", "100 Ꝑ").await?;

    // Markup in what a person writes stays text.
    open_tool(visitor, "На каждый день", "Проверка орфографии").await?;
    visitor.fill("Текст", "<b id=\"injected\">мир</b>").await?;
    visitor.press("Запустить").await?;
    visitor.see(".result .text", "<b").await?;
    visitor.wait("no element from the text", "!document.getElementById('injected')").await?;
    Ok(())
}

pub(super) async fn watches_an_essay_being_written(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    open_tool(visitor, "Обучение", "Эссе").await?;
    visitor.fill("Тема", "Осень").await?;
    visitor.choose("Вид эссе", "сравнение").await?;
    visitor.press("Запустить").await?;
    visitor.see(".steps li[data-state=running]", "").await?;
    visitor.picture("running").await?;

    // Who looks from elsewhere sees the same story.
    let tab = visitor.another_tab().await?;
    tab.open("/easy-writer#/sessions").await?;
    tab.press("Эссе").await?;
    tab.see(".steps li", "").await?;

    visitor.see(".steps li[data-state=done]", "Анализ").await?;
    visitor.see(".result", "Списано").await?;
    let steps = "document.querySelectorAll('.steps li[data-state=done]').length";
    if visitor.ask(steps).await? != 4 {
        return Err("not every step is shown as done".into());
    }
    visitor.wait("a text", "words(all('.result .text')[0]).length > 300").await?;
    visitor.see_no("#balance", "100 Ꝑ").await?;
    visitor.picture("result").await?;
    tab.see(".result", "Списано").await?;
    tab.complaints()
}

pub(super) async fn stops_a_run_and_gets_the_money_back(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    open_tool(visitor, "Обучение", "Эссе").await?;
    visitor.fill("Тема", "Зима").await?;
    visitor.press("Запустить").await?;
    visitor.see(".steps li[data-state=running]", "").await?;
    visitor.press("Остановить").await?;
    visitor.see("[role=alert]", "Райты возвращены").await?;
    visitor.see("#balance", "100 Ꝑ").await?;
    visitor.picture("stopped").await?;
    Ok(())
}
