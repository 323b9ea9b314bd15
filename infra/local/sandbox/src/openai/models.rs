//! `GET /models` and `GET /models/{id}`.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;

use super::error::Failure;
use crate::model::{Behaviour, EVERYWHERE};

/// OpenAI's real model names.
pub(super) const OWN: [&str; 5] = ["gpt-4", "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"];

/// 2025-01-01, the same for every model.
const CREATED: i64 = 1_735_689_600;

#[derive(Serialize)]
pub(super) struct List {
    object: &'static str,
    data: Vec<Model>,
}

#[derive(Serialize)]
pub(super) struct Model {
    id: String,
    object: &'static str,
    created: i64,
    owned_by: &'static str,
}

impl Model {
    fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), object: "model", created: CREATED, owned_by: "sandbox" }
    }
}

pub(super) async fn list() -> Json<List> {
    let names = EVERYWHERE.iter().map(|(name, _)| *name).chain(OWN);
    Json(List { object: "list", data: names.map(Model::new).collect() })
}

pub(super) async fn show(Path(id): Path<String>) -> Result<Json<Model>, Failure> {
    Behaviour::of(&id, &OWN).ok_or_else(|| Failure::unknown_model(&id))?;
    Ok(Json(Model::new(id)))
}
