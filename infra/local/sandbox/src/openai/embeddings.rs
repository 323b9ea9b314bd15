//! `POST /embeddings`: vectors by hashed words and trigrams, so that texts that share some are near each other. No model, and honest about similarity
//! of spelling alone.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::Failure;
use super::request::whole;
use super::tokens;

/// The models, and how many numbers their vectors have.
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

/// The texts; lists of tokens are taken for texts of their numbers.
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

/// A vector of length one.
fn vector(text: &str, length: u32) -> Vec<f32> {
    let mut sums = vec![0_f32; length as usize];
    let mut add = |piece: &str, weight: f32| {
        let mut hasher = DefaultHasher::new();
        piece.hash(&mut hasher);
        let hash = hasher.finish();
        let sign = if hash >> 63 == 0 { weight } else { -weight };
        let place = usize::try_from(hash % u64::from(length)).unwrap_or_default();
        if let Some(sum) = sums.get_mut(place) {
            *sum += sign;
        }
    };
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        add(word, 1.0);
        let letters: Vec<char> = word.chars().collect();
        for trigram in letters.windows(3) {
            add(&trigram.iter().collect::<String>(), 0.5);
        }
    }
    let norm = sums.iter().map(|sum| sum * sum).sum::<f32>().sqrt();
    if norm > 0.0 {
        for sum in &mut sums {
            *sum /= norm;
        }
    } else if let Some(first) = sums.first_mut() {
        // A text without a word.
        *first = 1.0;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(one: &str, other: &str) -> f32 {
        vector(one, 256).iter().zip(vector(other, 256)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn texts_that_share_words_are_nearer() {
        assert!((near("Осень в городе", "осень в городе!") - 1.0).abs() < 1e-5);
        assert!(near("Осень в городе", "Город осенью") > near("Осень в городе", "Курс валют"));
        assert!((near("…", "…") - 1.0).abs() < 1e-5);
    }
}
