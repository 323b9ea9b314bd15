//! All at once: who comes through Google, tops up, has a picture drawn and enlarged, and finds the books right to the rait.

use crate::driver::{Outcome, Visitor, new_email};

pub(super) async fn signs_in_tops_up_draws_and_checks_the_books(visitor: &Visitor<'_>) -> Outcome {
    visitor.open("/easy-writer").await?;
    visitor.press("Войти через Google").await?;
    visitor.press_at("input[value=other]").await?;
    visitor.fill("Почта", &new_email()).await?;
    visitor.fill("Имя", "Мария Ветрова").await?;
    visitor.press_at("input[name=verified]").await?;
    visitor.press("Разрешить").await?;
    visitor.see("#balance", "100 Ꝑ").await?;

    visitor.press_at("#balance").await?;
    visitor.fill("Сумма в рублях", "500").await?;
    visitor.press("Перейти к оплате").await?;
    visitor.see("body", "Песочница").await?;
    visitor.press("Оплатить").await?;
    visitor.press("Вернуться в магазин").await?;
    visitor.see("h1", "Оплата прошла").await?;
    visitor.see("#balance", "5 100 Ꝑ").await?;

    visitor.press("Изображения").await?;
    visitor.fill("Что нарисовать", "Осенний лес у озера").await?;
    visitor.choose("Формат", "Для мессенджера").await?;
    visitor.press("Нарисовать").await?;
    visitor.wait("live progress", "all('progress').length > 0").await?;
    visitor.picture("drawing").await?;
    visitor.wait("the picture", "all('#picture')[0]?.complete && all('#picture')[0].naturalWidth === 512").await?;
    visitor.press("Увеличить ×4").await?;
    visitor.see("#upscaled", "Открыть увеличенное").await?;
    visitor.picture("enlarged").await?;

    visitor.press("Операции").await?;
    visitor.see("#transactions", "Пополнение").await?;
    let list = visitor.see("#transactions", "Генерация изображения").await?;
    for line in ["Приветственный бонус", "100", "5 000", "20"] {
        if !list.replace('\u{a0}', " ").contains(line) {
            return Err(format!("{line} is not in the list: {list}").into());
        }
    }
    visitor.wait("three transactions and no more", "all('#transactions > *').length === 3").await?;
    visitor.see("#balance", "5 080 Ꝑ").await?;
    visitor.picture("books").await?;
    Ok(())
}
