//! Pictures: ordering, watching, enlarging, the gallery.

use super::register;
use crate::driver::{Outcome, Visitor};

pub(super) async fn orders_and_enlarges_a_picture(visitor: &Visitor<'_>) -> Outcome {
    register(visitor).await?;
    visitor.press("Изображения").await?;
    visitor.see("main", "Здесь появятся ваши изображения").await?;
    // What is missing is said beside the field.
    visitor.press("Нарисовать").await?;
    visitor.see(".error", "").await?;
    visitor.picture("form").await?;

    visitor.fill("Что нарисовать", "Красивый закат над морем").await?;
    visitor.choose("Формат", "Для сайта").await?;
    visitor.choose("Стиль", "Обычный").await?;
    // It may be drawn faster than anybody can ask for its progress.
    let watch = "window.progressSeen = false, new MutationObserver(() => {
        if (document.querySelector('progress')) window.progressSeen = true;
    }).observe(document.body, { childList: true, subtree: true }), true";
    visitor.ask(watch).await?;
    visitor.press("Нарисовать").await?;
    visitor.wait("progress", "progressSeen").await?;
    visitor.picture("drawing").await?;
    let drawn = "all('#picture')[0].complete && all('#picture')[0].naturalWidth === 1024";
    visitor.wait("a picture of the size that was ordered", drawn).await?;
    visitor.see("main", "списано 20 Ꝑ").await?;
    visitor.see("#balance", "80 Ꝑ").await?;
    visitor.picture("drawn").await?;

    visitor.press("Увеличить ×2").await?;
    visitor.see("#upscaled", "Открыть увеличенное").await?;
    visitor.see("#balance", "80 Ꝑ").await?;
    visitor.picture("enlarged").await?;

    visitor.press("Изображения").await?;
    let shown = "all('#gallery img').length === 1 && all('#gallery img')[0].naturalWidth > 0";
    visitor.wait("the picture in the gallery", shown).await?;
    visitor.picture("gallery").await?;
    Ok(())
}
