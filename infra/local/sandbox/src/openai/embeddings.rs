//! `POST /embeddings`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::Failure;
use super::request::whole;
use crate::model::tokens;
use crate::model::vector::vector;

/// The models and the dimensions of their vectors.
const MODELS: [(&str, u32); 2] = [("text-embedding-3-small", 1536), ("text-embedding-3-large", 3072)];

#[derive(Serialize)]
pub(super) struct List {
    object: &'static str,
    data: Vec<Item>,
    model: String,
    usage: Usage,
}

#[derive(Serialize)]
struct Item {
    object: &'static str,
    index: usize,
    embedding: Vector,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Vector {
    Numbers(Vec<f32>),
    /// Little-endian 32-bit floats in base 64.
    Base64(String),
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: u32,
    total_tokens: u32,
}

pub(super) async fn create(body: Result<Bytes, BytesRejection>) -> Result<Json<List>, Failure> {
    let body = body.map_err(|_| Failure::too_large())?;
    let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| Failure::malformed_json())?;
    let model = fields.get("model").and_then(Value::as_str).ok_or_else(Failure::no_model)?;
    let (_, most) = *MODELS.iter().find(|(name, _)| *name == model).ok_or_else(|| Failure::unknown_model(model))?;
    let length = whole(&fields, "dimensions", u64::from(most))?.unwrap_or(most);
    let inputs = inputs(fields.get("input"))?;
    let as_text = fields.get("encoding_format").and_then(Value::as_str) == Some("base64");
    let prompt_tokens = inputs.iter().map(|input| tokens::count(input)).sum();
    let data = inputs.iter().enumerate().map(|(index, input)| {
        let numbers = vector(input, length);
        let embedding = if as_text {
            Vector::Base64(STANDARD.encode(numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>()))
        } else {
            Vector::Numbers(numbers)
        };
        Item { object: "embedding", index, embedding }
    });
    let usage = Usage { prompt_tokens, total_tokens: prompt_tokens };
    Ok(Json(List { object: "list", data: data.collect(), model: model.to_owned(), usage }))
}

/// The texts; a list of tokens counts as the text of its numbers.
fn inputs(value: Option<&Value>) -> Result<Vec<String>, Failure> {
    let wrong = || Failure::wrong_type("input", "a string, an array of strings or an array of tokens");
    match value {
        None | Some(Value::Null) => Err(Failure::missing("input")),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(list)) if list.is_empty() => Err(wrong()),
        Some(Value::Array(list)) if list.iter().all(Value::is_number) => {
            Ok(vec![Value::from(list.clone()).to_string()])
        }
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(text.clone()),
                Value::Array(_) => Ok(item.to_string()),
                _ => Err(wrong()),
            })
            .collect(),
        Some(_) => Err(wrong()),
    }
}
