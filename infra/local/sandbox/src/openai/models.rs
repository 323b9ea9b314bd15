//! `GET /models` and `GET /models/{id}`.

use axum::Json;
use axum::extract::Path;
use serde::Serialize;

use super::error::Failure;
use super::fault::{Behaviour, MODELS};

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
    Json(List { object: "list", data: MODELS.iter().map(|(name, _)| Model::new(*name)).collect() })
}

pub(super) async fn show(Path(id): Path<String>) -> Result<Json<Model>, Failure> {
    Behaviour::of(&id).ok_or_else(|| Failure::unknown_model(&id))?;
    Ok(Json(Model::new(id)))
}
