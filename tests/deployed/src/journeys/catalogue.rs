//! The catalogue of tools, and what there is not.

use reqwest::Method;
use serde_json::json;

use crate::site::{Reply, number};
use crate::{Outcome, Site, ensure};

pub(super) async fn looks_around_without_a_token(site: &Site) -> Outcome {
    let tabs = site.get("/tools/tabs").await?.data(200)?;
    let tabs: Vec<_> = tabs["tabs"].as_array().into_iter().flatten().collect();
    ensure!(tabs.len() == 5, "{tabs:?}");
    for tab in tabs {
        let shown = site.get(&format!("/tools/tabs/{}", tab["id"].as_str().unwrap_or_default())).await?.data(200)?;
        let tools: Vec<_> = shown["tools"].as_array().into_iter().flatten().collect();
        ensure!(i64::try_from(tools.len())? == number(tab, "tools_count")?, "{shown}");
    }
    site.get("/tools/tabs/other").await?.refusal(404, "TAB_NOT_FOUND")?;
    let schema = site.get("/tools/spell_check/schema").await?.data(200)?;
    ensure!(schema["input_schema"]["required"] == json!(["text"]) && schema["estimated_cost"] == 5, "{schema}");
    site.get("/tools/other/schema").await?.refusal(404, "TOOL_NOT_FOUND")?;

    site.get("/tools/no/such/thing").await?.refusal(404, "NOT_FOUND")?;
    Reply::of(site.request(Method::DELETE, "/tools/tabs")).await?.refusal(405, "METHOD_NOT_ALLOWED")?;
    let text = site.request(Method::POST, "/auth/login").header("content-type", "text/plain").body("hello");
    Reply::of(text).await?.refusal(415, "UNSUPPORTED_MEDIA_TYPE")?;
    Ok(())
}
