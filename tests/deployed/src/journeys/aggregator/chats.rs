//! Chats, vectors, models: through the contract's paths and through those of OpenAI's clients.

use reqwest::Method;
use serde_json::{Value, json};

use crate::company::{Company, MODEL, chat, nanos};
use crate::site::Reply;
use crate::user::new_key;
use crate::{Outcome, Site, ensure};

pub(in crate::journeys) async fn chats_and_sees_what_it_cost(site: &Site) -> Outcome {
    let company = Company::newcomer(site).await?;
    let models = Reply::of(company.by_key(Method::GET, "/models")).await?.bare(200)?;
    let available = |model: &&Value| model["id"] == MODEL && model["is_available"] == true;
    ensure!(models["data"].as_array().into_iter().flatten().find(available).is_some(), "{models}");
    Reply::of(company.by_key(Method::GET, &format!("/models/{MODEL}"))).await?.bare(200)?;

    let answer = company.chat(&json!({})).await?.bare(200)?;
    ensure!(answer["object"] == "chat.completion" && answer["provider"] == "openai", "{answer}");
    ensure!(answer["choices"][0]["message"]["content"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    let cost = nanos(&answer["cost"])?;
    ensure!(cost > 0 && company.balance().await? == 1_000_000_000 - cost, "{answer} is paid otherwise");
    let statement = company.get("/billing/transactions?type=DEBIT").await?;
    let line = &statement["data"][0];
    ensure!(line["amount"] == answer["cost"] && line["metadata"]["model"] == MODEL, "{statement}");
    ensure!(line["metadata"]["tokens"] == answer["usage"]["total_tokens"], "{statement}");

    let vectors = json!({ "model": "text-embedding-3-small", "input": "Привет!" });
    let vectors = Reply::of(company.by_key(Method::POST, "/embeddings").json(&vectors)).await?.bare(200)?;
    ensure!(vectors["data"][0]["embedding"].is_array(), "{vectors}");
    company.books(3).await?;
    // Counting is somebody else's work.
    let counted = |usage: &Value| usage["summary"]["totalRequests"] == 2;
    let usage = company.until("/analytics/usage", counted).await?;
    let total = cost + nanos(&vectors["cost"])?;
    ensure!(nanos(&usage["summary"]["totalCost"])? == total, "{usage} and not {total}");
    ensure!(usage["byModel"].as_array().is_some_and(|models| models.len() == 2), "{usage}");
    let keys = company.until("/auth/api-keys", |keys| keys["data"][0]["lastUsedAt"].is_string()).await?;
    ensure!(keys["data"][0]["isActive"] == true, "{keys}");
    Ok(())
}

pub(in crate::journeys) async fn reads_a_stream(site: &Site) -> Outcome {
    let company = Company::newcomer(site).await?;
    let body = chat(&json!({ "stream": true, "stream_options": { "include_usage": true } }));
    for path in [format!("{}/api/v1/chat/completions", site.base), format!("{}/v1/chat/completions", site.base)] {
        let answer = site.http.post(path).bearer_auth(&company.key).json(&body).send().await?;
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        ensure!(answer.status() == 200 && kind == "text/event-stream", "{} {kind}", answer.status());
        let told = answer.text().await?;
        let frames: Vec<_> = told.split("\n\n").filter_map(|frame| frame.strip_prefix("data: ")).collect();
        let Some((&"[DONE]", pieces)) = frames.split_last() else { return Err(told.into()) };
        let pieces: Vec<Value> = pieces.iter().map(|piece| serde_json::from_str(piece)).collect::<Result<_, _>>()?;
        ensure!(pieces.len() > 2, "{told}");
        ensure!(pieces.iter().all(|piece| piece["object"] == "chat.completion.chunk"), "{told}");
        ensure!(pieces.last().is_some_and(|last| last["usage"]["total_tokens"].as_u64() > Some(0)), "{told}");
    }
    company.books(3).await
}

pub(in crate::journeys) async fn asks_again_and_pays_once(site: &Site) -> Outcome {
    let company = Company::newcomer(site).await?;
    let once = new_key();
    let ask = |more: Value| {
        Reply::of(company.by_key(Method::POST, "/chat/completions").header("idempotency-key", &once).json(&chat(&more)))
    };
    let first = ask(json!({})).await?.bare(200)?;
    let again = ask(json!({})).await?.bare(200)?;
    ensure!(first == again, "{again} and not {first}");
    ask(json!({ "seed": 7 })).await?.failure(409, "idempotency_key_reused")?;
    company.books(2).await?;

    // The vendor refuses it: it costs nothing, and its key is free again.
    let once = new_key();
    let wrong = chat(&json!({ "top_logprobs": 3 }));
    for _ in 0..2 {
        let ask = company.by_key(Method::POST, "/chat/completions").header("idempotency-key", &once).json(&wrong);
        Reply::of(ask).await?.failure(400, "invalid_request")?;
    }
    company.books(2).await
}

pub(in crate::journeys) async fn is_refused_in_both_shapes(site: &Site) -> Outcome {
    let poor = Company::register(site).await?;
    let refusal = poor.chat(&json!({})).await?.failure(402, "insufficient_funds")?;
    ensure!(refusal["details"][0]["missing"].is_string() && refusal["path"] == "/api/v1/chat/completions", "{refusal}");
    poor.chat(&json!({ "model": "none" })).await?.failure(404, "model_not_found")?;
    poor.chat(&json!({ "messages": [] })).await?.failure(400, "invalid_request")?;
    for (key, more, status, kind, code) in [
        (poor.key.as_str(), json!({}), 402, "insufficient_quota", "insufficient_funds"),
        (&poor.key, json!({ "model": "none" }), 404, "invalid_request_error", "model_not_found"),
        (&poor.key, json!({ "temperature": 3 }), 400, "invalid_request_error", "invalid_request"),
        ("ak_live_nonsense", json!({}), 401, "authentication_error", "invalid_api_key"),
    ] {
        let ask = site.http.post(format!("{}/v1/chat/completions", site.base)).bearer_auth(key).json(&chat(&more));
        let reply = Reply::of(ask).await?;
        let error = &reply.body["error"];
        let same = reply.status == status && error["type"] == kind && error["code"] == code;
        ensure!(same && error["message"].is_string(), "{reply} and not {status} {kind} {code}");
    }
    poor.books(0).await
}
