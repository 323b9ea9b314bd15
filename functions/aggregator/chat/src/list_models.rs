//! `GET /api/v1/models`, `GET /api/v1/models/{id}`, and the same under `/v1`

use axum::extract::State;
use domain::aggregator::{Feature, Model, Permission};
use domain::kernel::{Error, Resource};
use edge::openapi::AggregatorFailed;
use edge::{Answer, Company, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// All models.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelsView {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    /// In the order of the catalogue.
    data: Vec<ModelView>,
}

/// A model.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelView {
    /// What to ask for.
    #[schema(example = "gpt-4")]
    id: String,
    /// Always `model`.
    #[schema(example = "model")]
    object: &'static str,
    /// When it came into the catalogue, in seconds since 1970: not kept, so always the same.
    created: i64,
    /// Whose it is: the same as `provider`.
    #[schema(example = "openai")]
    owned_by: String,
    /// What people call it.
    #[schema(example = "GPT-4")]
    name: String,
    /// Whose it is.
    #[schema(example = "openai")]
    provider: String,
    /// How many tokens it takes, what it writes included.
    #[schema(example = 8192)]
    context_length: u32,
    /// The most tokens that it writes.
    #[schema(example = 8192)]
    max_output_tokens: u32,
    /// US dollars for a token read.
    #[schema(example = 0.00003)]
    input_cost_per_token: f64,
    /// US dollars for a token written.
    #[schema(example = 0.00006)]
    output_cost_per_token: f64,
    /// What it can do: `chat`, `completion`, `function_calling`, `vision`, `json_schema`, `embedding`.
    #[schema(value_type = Vec<String>, example = json!(["chat", "completion", "function_calling"]))]
    supported_features: Vec<Feature>,
    /// Whether it can be asked now: one of its vendors is configured and does not keep failing.
    is_available: bool,
}

impl ModelView {
    fn new(model: &Model, is_available: bool) -> Self {
        let price = model.price();
        Self {
            id: model.id.clone(),
            object: "model",
            created: 0,
            owned_by: model.provider.clone(),
            name: model.name.clone(),
            provider: model.provider.clone(),
            context_length: model.context_length,
            max_output_tokens: model.max_output,
            input_cost_per_token: price.input.dollars_per_token(),
            output_cost_per_token: price.output.dollars_per_token(),
            supported_features: model.features.clone(),
            is_available,
        }
    }
}

/// The models and what they cost
#[utoipa::path(
    get,
    path = "/api/v1/models",
    tag = "models",
    operation_id = "list_models",
    security(("bearer" = []), ("api_key" = [])),
    responses(
        (status = 200, description = "The models", body = ModelsView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `chat`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_models(State(state): State<crate::State>, Company(caller): Company) -> Answer<ModelsView> {
    caller.require(Permission::Chat)?;
    let data = state.chat.models().map(|(model, available)| ModelView::new(model, available)).collect();
    Ok(Reply::ok(ModelsView { object: "list", data }))
}

/// One model
#[utoipa::path(
    get,
    path = "/api/v1/models/{id}",
    tag = "models",
    operation_id = "show_model",
    security(("bearer" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "Id of the model")),
    responses(
        (status = 200, description = "The model", body = ModelView),
        (status = 401, description = "`token_expired`, `invalid_api_key`", body = AggregatorFailed),
        (status = 403, description = "`permission_denied`: the key lacks `chat`", body = AggregatorFailed),
        (status = 404, description = "`model_not_found`", body = AggregatorFailed),
        (status = 429, description = "`rate_limit_exceeded`", body = AggregatorFailed),
    )
)]
pub(crate) async fn show_model(
    State(state): State<crate::State>,
    Company(caller): Company,
    PathParameter(id): PathParameter,
) -> Answer<ModelView> {
    caller.require(Permission::Chat)?;
    let found = state.chat.models().find(|(model, _)| model.id == id);
    let (model, available) = found.ok_or(Error::NotFound(Resource::MODEL))?;
    Ok(Reply::ok(ModelView::new(model, available)))
}
