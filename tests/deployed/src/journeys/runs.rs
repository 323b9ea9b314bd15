//! Runs of tools: in the foreground and in the background, watched, listed and deleted.

use serde_json::{Value, json};

use crate::site::{number, text};
use crate::socket::refused;
use crate::user::{User, new_key};
use crate::{Outcome, Site, ensure};

async fn correct(user: &User<'_>) -> Outcome<Value> {
    let body = json!({ "input": { "text": "Превет мир" }, "mode": "quick" });
    user.post("/tools/spell_check/execute", &body).await?.data(200)
}

pub(super) async fn corrects_a_text_once(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let (path, key) = ("/tools/spell_check/execute", new_key());
    let body = json!({ "input": { "text": "Превет мир" }, "mode": "quick" });
    let run = user.post_once(path, &key, &body).await?.data(200)?;
    ensure!(run["status"] == "completed" && run["result"] == "Привет мир" && run["cost_raits"] == 5, "{run}");
    let again = user.post_once(path, &key, &body).await?.data(200)?;
    ensure!(again == run, "{again} and not {run}");
    let other = json!({ "input": { "text": "Другое" }, "mode": "quick" });
    user.post_once(path, &key, &other).await?.refusal(409, "IDEMPOTENCY_KEY_REUSED")?;
    user.books(&[-5, 100]).await?;

    let empty = user.post(path, &json!({ "input": {}, "mode": "quick" })).await?;
    let details = empty.refusal(400, "VALIDATION_ERROR")?;
    ensure!(details["fields"][0]["code"] == "required", "{details}");
    user.post("/tools/other/execute", &body).await?.refusal(404, "TOOL_NOT_FOUND")?;
    site.post(path, &body).await?.refusal(401, "TOKEN_INVALID")?;
    user.books(&[-5, 100]).await
}

pub(super) async fn watches_an_essay_early_twice_and_late(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let (session, path) = user.start_essay().await?;
    let (early, twin) = tokio::join!(user.watch(&path), user.watch(&path));
    let (mut early, mut twin) = (early?, twin?);
    let (end, twins_end) = tokio::join!(early.until_the_end(), twin.until_the_end());
    let (end, twins_end) = (end?, twins_end?);
    let cost = number(&end, "cost_raits")?;
    ensure!(end == twins_end && end["result"].is_string() && (1..=50).contains(&cost), "{end} and {twins_end}");
    // Whoever comes late is told all of it as well.
    let late = user.watch(&path).await?.until_the_end().await?;
    ensure!(late == end, "{late} and not {end}");
    let stored = user.get(&format!("/generation/sessions/{session}")).await?.data(200)?;
    ensure!(stored["status"] == "completed" && stored["result"] == end["result"], "{stored}");
    ensure!(stored["cost_raits"] == cost && stored["input_data"]["topic"] == "Осень в городе", "{stored}");
    user.books(&[-cost, 100]).await?;
    let profile = user.get("/user/profile").await?.data(200)?;
    ensure!(profile["total_generations"] == 1, "{profile}");
    Ok(())
}

/// Texts above 4 KB are objects: what goes in, what comes out, and what each step wrote.
pub(super) async fn keeps_long_texts_and_removes_them(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let long = "Превет мир. ".repeat(250);
    let body = json!({ "input": { "text": long }, "mode": "quick" });
    let key = new_key();
    let run = user.post_once("/tools/spell_check/execute", &key, &body).await?.data(200)?;
    let again = user.post_once("/tools/spell_check/execute", &key, &body).await?.data(200)?;
    ensure!(again == run, "the same request is answered in another way");
    let session = text(&run, "session_id")?;
    let path = format!("/generation/sessions/{session}");
    let stored = user.get(&path).await?.data(200)?;
    ensure!(stored["input_data"]["text"] == long, "another text was stored");
    ensure!(stored["result"] == run["result"] && text(&run, "result")?.len() > 4096, "another result was stored");
    user.delete(&path).await?.data(200)?;
    user.get(&path).await?.refusal(404, "SESSION_NOT_FOUND")?;

    let (session, path) = user.start("paraphrase", &long_story()).await?;
    let end = user.watch(&path).await?.until_the_end().await?;
    let path = format!("/generation/sessions/{session}");
    let stored = user.get(&path).await?.data(200)?;
    ensure!(stored["result"] == end["result"] && stored["result"].to_string().len() > 4096, "{end} and {stored}");
    user.delete(&path).await?.data(200)?;
    user.get(&path).await?.refusal(404, "SESSION_NOT_FOUND")?;
    Ok(())
}

fn long_story() -> Value {
    json!({ "text": "Осень приходит в город тихо, и каждый двор встречает её по-своему. ".repeat(40) })
}

/// Somebody deletes a run while it is being written: nobody pays for it, and nothing of it is kept.
pub(super) async fn stops_a_run(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let mut paid = 0;
    // A run may be done before it can be stopped; then it is paid for, and the next one is stopped.
    for _ in 0..4 {
        let (session, path) = user.start("paraphrase", &long_story()).await?;
        let mut watching = user.watch(&path).await?;
        watching.until("step_started").await?;
        let shown = user.get(&format!("/generation/sessions/{session}")).await?.data(200)?;
        user.delete(&format!("/generation/sessions/{session}")).await?.data(200)?;
        let end = watching.ending().await?;
        if end["event"] == "completed" {
            paid += number(&end, "cost_raits")?;
            continue;
        }
        ensure!(end["code"] == "SESSION_NOT_FOUND" && shown["cost_raits"] == 0, "{end} and {shown}");
        return user.has(100 - paid).await;
    }
    Err("every run is done before it can be stopped".into())
}

pub(super) async fn finds_and_removes_runs(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.insert(0, text(&correct(&user).await?, "session_id")?);
    }
    let page = user.get("/generation/sessions?limit=2&offset=0").await?.data(200)?;
    let listed: Vec<_> = page["sessions"].as_array().into_iter().flatten().map(|it| &it["session_id"]).collect();
    ensure!(listed.iter().zip(&sessions).all(|(one, other)| *one == other) && listed.len() == 2, "{page}");
    let pagination = json!({ "total": 3, "limit": 2, "offset": 0, "has_more": true });
    ensure!(page["pagination"] == pagination, "{page}");
    user.get("/generation/sessions?limit=1000").await?.refusal(400, "VALIDATION_ERROR")?;

    let path = format!("/generation/sessions/{}", sessions.first().map(String::as_str).unwrap_or_default());
    let stranger = site.newcomer().await?;
    stranger.get(&path).await?.refusal(404, "SESSION_NOT_FOUND")?;
    stranger.delete(&path).await?.refusal(404, "SESSION_NOT_FOUND")?;
    let deleted = user.delete(&path).await?.data(200)?;
    ensure!(deleted["message"] == "Deleted", "{deleted}");
    user.get(&path).await?.refusal(404, "SESSION_NOT_FOUND")?;
    user.delete(&path).await?.refusal(404, "SESSION_NOT_FOUND")?;
    let left = user.get("/generation/sessions").await?.data(200)?;
    ensure!(left["pagination"]["total"] == 2, "{left}");
    // What was charged stays charged.
    user.books(&[-5, -5, -5, 100]).await
}

pub(super) async fn cannot_spend_what_is_held(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    // Nothing of it is delivered, so all of it is held until it is deleted.
    let spend = async {
        let (one, _) = user.start_essay().await?;
        let (other, _) = user.start_essay().await?;
        user.has(0).await?;
        let body = json!({ "input": { "topic": "Осень" }, "mode": "standard" });
        let details = user.post("/tools/essay/execute", &body).await?.refusal(402, "INSUFFICIENT_BALANCE")?;
        ensure!(details["required"] == 50 && details["balance"] == 0, "{details}");
        let picture = json!({ "prompt": "Закат", "format": "web" });
        user.post("/images/generate", &picture).await?.refusal(402, "INSUFFICIENT_BALANCE")?;
        for session in [one, other] {
            let path = format!("/generation/sessions/{session}");
            let waiting = user.get(&path).await?.data(200)?;
            ensure!(waiting["status"] == "pending", "{waiting}");
            user.delete(&path).await?.data(200)?;
        }
        user.books(&[100]).await
    };
    site.operator.holding_back("GenerationQueue", spend).await
}

pub(super) async fn lets_nobody_else_watch(site: &Site) -> Outcome {
    let user = site.newcomer().await?;
    let path = format!("/ws/generation/{}", text(&correct(&user).await?, "session_id")?);
    refused(site, &path, "", 401).await?;
    refused(site, &path, &format!("x{}", user.token), 401).await?;
    refused(site, "/ws/generation/0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f", &user.token, 404).await?;
    refused(site, "/ws/other/1", &user.token, 404).await?;
    let stranger = site.newcomer().await?;
    refused(site, &path, &stranger.token, 404).await?;
    user.watch(&path).await?.until("completed").await?;
    Ok(())
}
