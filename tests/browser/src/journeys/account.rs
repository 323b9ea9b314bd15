//! Registration, sign-in and sign-out.

use super::{PASSWORD, register};
use crate::driver::{Outcome, Visitor};

pub(super) async fn registers_leaves_and_comes_back(visitor: &Visitor<'_>) -> Outcome {
    visitor.open("/easy-writer").await?;
    visitor.picture("sign-in").await?;
    // What is missing is said beside the fields.
    visitor.press("Зарегистрироваться").await?;
    visitor.see(".error", "").await?;
    visitor.picture("nothing-entered").await?;

    let email = register(visitor).await?;
    visitor.see("h1", "Инструменты").await?;

    // A new tab has no token, but the cookie.
    let tab = visitor.another_tab().await?;
    tab.open("/easy-writer#/transactions").await?;
    tab.see("#transactions", "Приветственный бонус").await?;
    tab.picture("transactions").await?;
    tab.complaints()?;

    // An access token that has expired is renewed once, and nobody notices.
    visitor
        .ask(
            "window.calls = [],
            window.realFetch = window.fetch,
            window.fetch = (url, options) => {
                const path = new URL(url).pathname.replace('/api/v1', '');
                calls.push(path);
                if (path !== '/user/transactions' || calls.length > 1) return realFetch(url, options);
                const body = { success: false, error: { code: 'TOKEN_EXPIRED', message: 'expired' } };
                return Promise.resolve(new Response(JSON.stringify(body), { status: 401 }));
            },
            true",
        )
        .await?;
    visitor.press("Операции").await?;
    visitor.see("#transactions", "Приветственный бонус").await?;
    let renewed = "calls.join() === '/user/transactions,/auth/refresh,/user/transactions'";
    visitor.wait("one renewal and one repeat", renewed).await?;
    visitor.ask("window.fetch = realFetch, true").await?;

    visitor.press("Выйти").await?;
    visitor.see("h1", "Вход").await?;
    visitor.see_no("#balance", "").await?;
    visitor.reload().await?;
    visitor.see("h1", "Вход").await?;

    visitor.fill("Почта", &email).await?;
    visitor.fill("Пароль", "another-password").await?;
    visitor.key("Enter").await?;
    visitor.see("[role=alert]", "пароль").await?;
    visitor.fill("Пароль", PASSWORD).await?;
    visitor.key("Enter").await?;
    visitor.see("#who", &email).await?;

    // A token that nobody issued leads back to the door, not to an error.
    visitor.ask("sessionStorage.setItem('easy-writer.token', 'x.y.z')").await?;
    visitor.press("История").await?;
    visitor.see("[role=alert]", "войдите снова").await?;

    visitor.fill("Почта", &email).await?;
    visitor.fill("Пароль", PASSWORD).await?;
    visitor.press("Войти").await?;
    visitor.press(&email).await?;
    visitor.fill("Имя", "Иван Петров").await?;
    visitor.press("Сохранить").await?;
    visitor.see("#who", "Иван Петров").await?;
    visitor.picture("profile").await?;
    Ok(())
}

pub(super) async fn is_told_why_a_sign_in_elsewhere_failed(visitor: &Visitor<'_>) -> Outcome {
    visitor.open("/easy-writer/signed-in#error=access_denied").await?;
    visitor.see("[role=alert]", "Вход отменён").await?;
    visitor.arrive_at("/easy-writer").await?;
    visitor.open("/easy-writer/signed-in#error=%3Cb%3E").await?;
    visitor.see("[role=alert]", "Не удалось войти").await?;
    Ok(())
}
