//! `POST /embeddings`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use serde_json::{Map, Value, json};

use super::error::Failure;
use crate::model::{tokens, vector};

/// The models and the dimensions of their vectors.
const MODELS: [(&str, u32); 2] = [("Embeddings", 1024), ("EmbeddingsGigaR", 2560)];

pub(super) async fn create(body: Result<Bytes, BytesRejection>) -> Result<Json<Value>, Failure> {
    let body = body.map_err(|_| Failure::too_large())?;
    let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| Failure::new(400, "Bad request"))?;
    let model = fields.get("model").and_then(Value::as_str).ok_or_else(|| Failure::invalid("model is required"))?;
    let (_, length) = *MODELS.iter().find(|(name, _)| *name == model).ok_or_else(Failure::unknown_model)?;
    let wrong = || Failure::invalid("input must be a string or a list of strings");
    let inputs = match fields.get("input").ok_or_else(wrong)? {
        Value::String(text) => vec![text.as_str()],
        Value::Array(list) if !list.is_empty() => {
            list.iter().map(|item| item.as_str().ok_or_else(wrong)).collect::<Result<_, _>>()?
        }
        _ => return Err(wrong()),
    };
    let data = inputs.iter().enumerate().map(|(index, input)| {
        let usage = json!({ "prompt_tokens": tokens::count(input) });
        json!({ "object": "embedding", "index": index, "embedding": vector::vector(input, length), "usage": usage })
    });
    Ok(Json(json!({ "object": "list", "model": model, "data": data.collect::<Vec<_>>() })))
}
