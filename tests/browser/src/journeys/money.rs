//! Topping up.

use super::register;
use crate::driver::{Outcome, Visitor};

pub(super) async fn tops_up(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    visitor.press_at("#balance").await?;
    visitor.see("h1", "Пополнение").await?;
    visitor.fill("Сумма в рублях", "1").await?;
    visitor.press("Перейти к оплате").await?;
    visitor.see(".error", "").await?;
    visitor.picture("too-little").await?;
    visitor.fill("Сумма в рублях", "500").await?;
    visitor.see("output", "5 000 Райтов").await?;
    visitor.press("Перейти к оплате").await?;
    visitor.see("body", "Песочница").await?;
    visitor.picture("payment-page").await?;
    visitor.press("Оплатить").await?;
    visitor.press("Вернуться в магазин").await?;
    visitor.see("h1", "Оплата прошла").await?;
    visitor.see("#balance", "5 100 Ꝑ").await?;
    visitor.picture("paid").await?;
    Ok(())
}
