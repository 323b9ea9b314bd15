//! `GET /api/v1/models`, `GET /api/v1/models/{id}`, and the same under `/v1`

use axum::extract::State;
use domain::aggregator::{Feature, Model, Permission};
use domain::kernel::{Error, Resource};
use edge::aggregator::openapi::{AggregatorFailed, AuthErrors, Errors};
use edge::{Answer, Company, PathParameter, Reply};
use serde::Serialize;
use utoipa::ToSchema;

/// The models of the catalogue.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelsView {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    /// Models, in catalogue order.
    data: Vec<ModelView>,
}

/// A model.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModelView {
    /// Model ID, for the field `model` of requests.
    #[schema(example = "gpt-4")]
    id: String,
    /// Always `model`.
    #[schema(example = "model")]
    object: &'static str,
    /// Always 0. Present for OpenAI's clients.
    created: i64,
    /// Same as `provider`. Present for OpenAI's clients.
    #[schema(example = "openai")]
    owned_by: String,
    /// Display name.
    #[schema(example = "GPT-4")]
    name: String,
    /// Vendor of the model.
    #[schema(example = "openai")]
    provider: String,
    /// Context window, in tokens, including the output.
    #[schema(example = 8192)]
    context_length: u32,
    /// Maximum output, in tokens.
    #[schema(example = 8192)]
    max_output_tokens: u32,
    /// Price of an input token, in US dollars.
    #[schema(example = 0.00003)]
    input_cost_per_token: f64,
    /// Price of an output token, in US dollars.
    #[schema(example = 0.00006)]
    output_cost_per_token: f64,
    /// Features: `chat`, `completion`, `function_calling`, `vision`, `json_schema`, `embedding`.
    #[schema(value_type = Vec<String>, example = json!(["chat", "completion", "function_calling"]))]
    supported_features: Vec<Feature>,
    /// Whether requests can be served now: a provider of the model is configured and not failing.
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

/// List models
///
/// The models of the catalogue, with context window, price and features.
#[utoipa::path(
    get,
    path = "/api/v1/models",
    tag = "models",
    operation_id = "list_models",
    security(("bearer" = []), ("api_key" = [])),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The models", body = ModelsView),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `chat`", body = AggregatorFailed),
    )
)]
pub(crate) async fn list_models(State(state): State<crate::State>, Company(caller): Company) -> Answer<ModelsView> {
    caller.require(Permission::Chat)?;
    let data = state.chat.models().map(|(model, available)| ModelView::new(model, available)).collect();
    Ok(Reply::ok(ModelsView { object: "list", data }))
}

/// Retrieve a model
#[utoipa::path(
    get,
    path = "/api/v1/models/{id}",
    tag = "models",
    operation_id = "show_model",
    security(("bearer" = []), ("api_key" = [])),
    params(("id" = String, Path, description = "ID of the model")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "The model", body = ModelView),
        (status = 403, description = "`permission_denied`: the API key lacks the permission `chat`", body = AggregatorFailed),
        (status = 404, description = "`model_not_found`", body = AggregatorFailed),
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
