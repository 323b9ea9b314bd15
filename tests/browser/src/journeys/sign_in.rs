//! Signing in through Google and Yandex, whom the sandbox plays.

use crate::driver::{Outcome, Visitor, new_email};

pub(super) async fn signs_in_through_google(visitor: &Visitor<'_>) -> Outcome {
    visitor.open("/easy-writer").await?;
    visitor.press("Войти через Google").await?;
    visitor.see("h1", "Вход через Google").await?;
    visitor.picture("consent").await?;
    visitor.press("Отказать").await?;
    visitor.see("[role=alert]", "Вход отменён").await?;
    visitor.arrive_at("/easy-writer").await?;

    visitor.press("Войти через Google").await?;
    visitor.press_at("input[value=other]").await?;
    visitor.fill("Почта", &new_email()).await?;
    visitor.fill("Имя", "Мария Ветрова").await?;
    visitor.press_at("input[name=verified]").await?;
    visitor.press("Разрешить").await?;
    visitor.see("#who", "Мария Ветрова").await?;
    visitor.see("#balance", "100 Ꝑ").await?;
    visitor.arrive_at("/easy-writer").await?;
    visitor.picture("signed-in").await?;

    // The way back does not lead to the token: it was taken out of the address before it could be kept.
    visitor.ask("history.back()").await?;
    visitor.wait("no token in any address", "!location.href.includes('token')").await?;

    // The cookie of this sign-in is as good as that of any other.
    let tab = visitor.another_tab().await?;
    tab.open("/easy-writer").await?;
    tab.see("#who", "Мария Ветрова").await?;
    tab.complaints()
}

pub(super) async fn signs_in_through_yandex_without_an_address(visitor: &Visitor<'_>) -> Outcome {
    visitor.open("/easy-writer").await?;
    visitor.press("Войти через Яндекс").await?;
    visitor.press_at("input[value=dina]").await?;
    visitor.press("Разрешить").await?;
    visitor.see("#who", "Дина Зайцева").await?;
    visitor.press("Дина Зайцева").await?;
    visitor.see("dl", "не указана").await?;
    visitor.see("dl", "Яндекс").await?;
    visitor.see_no("h2", "Смена пароля").await?;
    Ok(())
}
