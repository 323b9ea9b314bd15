//! `POST /foundationModels/v1/textEmbedding`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use serde_json::{Map, Value, json};

use super::error::Failure;
use super::request::model;
use crate::model::{MODEL, tokens, vector};

const MODELS: [&str; 2] = ["text-search-doc/latest", "text-search-query/latest"];
/// Dimensions of a vector.
const LENGTH: u32 = 256;

pub(super) async fn create(body: Result<Bytes, BytesRejection>) -> Result<Json<Value>, Failure> {
    let body = body.map_err(|_| Failure::invalid("message larger than max"))?;
    let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| Failure::invalid("Invalid JSON"))?;
    let model = model(&fields, "emb")?;
    if !MODELS.contains(&model) {
        return Err(Failure::invalid(&format!("invalid model_uri: unknown model '{model}'")));
    }
    let text = fields.get("text").and_then(Value::as_str).ok_or_else(|| Failure::invalid("text is required"))?;
    let tokens = tokens::count(text).to_string();
    Ok(Json(json!({ "embedding": vector::vector(text, LENGTH), "numTokens": tokens, "modelVersion": MODEL })))
}
