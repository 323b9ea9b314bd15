//! Pictures.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Reply, text};
use crate::user::{User, new_key};
use crate::{Outcome, Site, ensure};

/// Width and height, as a PNG's header says them.
async fn size(site: &Site, path: &str) -> Outcome<(u32, u32)> {
    let answer = site.http.get(format!("{}{path}", site.base)).send().await?;
    ensure!(answer.status() == 200, "{path} is answered {}", answer.status());
    let kind = answer.headers().get("content-type").cloned();
    ensure!(kind.as_ref().is_some_and(|kind| kind == "image/png"), "{path} is {kind:?}");
    let caching = answer.headers().get("cache-control").cloned();
    ensure!(caching.is_some_and(|it| it == "public, max-age=31536000, immutable"), "{path} cannot be cached");
    let bytes = answer.bytes().await?;
    let four = |at: usize| -> Option<u32> { Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)) };
    match (bytes.starts_with(b"\x89PNG"), four(16), four(20)) {
        (true, Some(width), Some(height)) => Ok((width, height)),
        _ => Err(format!("{path} is no PNG").into()),
    }
}

async fn show(user: &User<'_>, image: &str) -> Outcome<Value> {
    user.get(&format!("/images/{image}")).await?.data(200)
}

pub(super) async fn draws_and_enlarges(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let (order, key) =
        (json!({ "prompt": "Красивый закат над морем", "format": "messenger", "style": "DEFAULT" }), new_key());
    let ordered = user.post_once("/images/generate", &key, &order).await?.data(202)?;
    let (image, path) = (text(&ordered, "image_id")?, text(&ordered, "websocket_url")?);
    let end = user.watch(&path).await?.until("completed").await?;
    let again = user.post_once("/images/generate", &key, &order).await?.data(202)?;
    ensure!(again["image_id"] == image, "{again}");
    let drawn = show(&user, &image).await?;
    ensure!(drawn["status"] == "completed" && drawn["url"] == end["url"] && drawn["cost_raits"] == 20, "{drawn}");
    ensure!(size(site, &text(&drawn, "url")?).await? == (512, 512), "another size");
    let list = user.get("/images").await?.data(200)?;
    let thumbnail = text(&list["images"][0], "thumbnail_url")?;
    let thumbnail = site.http.get(format!("{}{thumbnail}", site.base)).send().await?;
    ensure!(thumbnail.status() == 200 && thumbnail.bytes().await?.starts_with(b"\xff\xd8"), "no thumbnail in {list}");
    ensure!(list["pagination"]["total"] == 1, "{list}");

    let enlarge = format!("/images/{image}/upscale");
    user.post(&enlarge, &json!({ "scale": 3 })).await?.refusal(400, "VALIDATION_ERROR")?;
    let enlarging = user.post(&enlarge, &json!({ "scale": 4 })).await?.data(202)?;
    ensure!(enlarging["image_id"] == image, "{enlarging}");
    let end = user.watch(&path).await?.until("completed").await?;
    let enlarged = show(&user, &image).await?;
    ensure!(enlarged["upscaled_url"] == end["url"] && enlarged["url"] == drawn["url"], "{enlarged} and {end}");
    ensure!(size(site, &text(&enlarged, "upscaled_url")?).await? == (2048, 2048), "another size");
    let stranger = site.newcomer().await?;
    stranger.get(&format!("/images/{image}")).await?.refusal(404, "IMAGE_NOT_FOUND")?;
    stranger.post(&enlarge, &json!({ "scale": 2 })).await?.refusal(404, "IMAGE_NOT_FOUND")?;
    user.books(&[-20, 100]).await?;

    // As JSON this does not fit into an item, and is an object.
    let long = format!("Закат {}", "\u{1}".repeat(994));
    let (order, key) = (json!({ "prompt": long, "format": "messenger" }), new_key());
    let ordered = user.post_once("/images/generate", &key, &order).await?.data(202)?;
    let again = user.post_once("/images/generate", &key, &order).await?.data(202)?;
    ensure!(again["image_id"] == ordered["image_id"], "{again} and {ordered}");
    user.watch(&text(&ordered, "websocket_url")?).await?.until("completed").await?;
    ensure!(show(&user, &text(&ordered, "image_id")?).await?["prompt"] == long, "another prompt was stored");
    user.books(&[-20, -20, 100]).await
}

pub(super) async fn pays_nothing_for_what_is_refused(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let order = |prompt: &str, format: &str| json!({ "prompt": prompt, "format": format });
    user.post("/images/generate", &order("Закат", "poster")).await?.refusal(400, "INVALID_FORMAT")?;
    user.post("/images/generate", &order("", "web")).await?.refusal(400, "VALIDATION_ERROR")?;
    user.get("/images/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f").await?.refusal(404, "IMAGE_NOT_FOUND")?;
    // A vendor's rules forbid it.
    let ordered = user.post("/images/generate", &order("запрещено", "web")).await?.data(202)?;
    let told = user.watch(&text(&ordered, "websocket_url")?).await?.until("error").await?;
    ensure!(told["code"] == "IMAGE_FAILED", "{told}");
    let image = text(&ordered, "image_id")?;
    let failed = show(&user, &image).await?;
    ensure!(failed["status"] == "failed" && failed["cost_raits"] == 0, "{failed}");
    let enlarge = user.post(&format!("/images/{image}/upscale"), &json!({ "scale": 2 })).await?;
    enlarge.refusal(409, "NOT_COMPLETED")?;
    user.books(&[100]).await?;

    // What is not under /uploads is nobody's, and what is not there is not told apart from it.
    for path in ["/uploads/images/none.png", "/jobs/none/input.json"] {
        let reply = Reply::of(site.http.request(Method::GET, format!("{}{path}", site.base))).await?;
        ensure!(matches!(reply.status, 403 | 404), "{reply}");
    }
    Ok(())
}
