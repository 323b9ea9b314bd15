//! Looking at earlier runs.

use super::{open_tool, register};
use crate::driver::{Outcome, Visitor};

pub(super) async fn finds_and_removes_a_run(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    open_tool(visitor, "На каждый день", "Проверка орфографии").await?;
    visitor.fill("Текст", "Превет мир").await?;
    visitor.press("Запустить").await?;
    visitor.see(".result .text", "Привет мир").await?;

    visitor.press("История").await?;
    visitor.see("#sessions", "Проверка орфографии").await?;
    visitor.picture("list").await?;
    visitor.press("Проверка орфографии").await?;
    visitor.see(".result .text", "Привет мир").await?;
    visitor.see("dl", "Превет мир").await?;
    visitor.picture("one").await?;
    // It has an address of its own.
    visitor.reload().await?;
    visitor.see(".result .text", "Привет мир").await?;

    visitor.press("Удалить из истории").await?;
    visitor.see("main", "Здесь появятся ваши запуски").await?;
    visitor.see_no("#sessions", "Проверка орфографии").await?;

    visitor.press("Операции").await?;
    visitor.see("#transactions", "Проверка орфографии").await?;
    visitor.see("#transactions", "-5 Ꝑ").await?;
    Ok(())
}
