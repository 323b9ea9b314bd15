//! YandexGPT's native API: texts and vectors. Functions are left out, because no product uses them here.
//!
//! Source: Yandex Cloud AI Studio API reference, "TextGeneration.Completion", "EmbeddingsService.TextEmbedding" (REST), "Error codes".

mod completion;
mod embedding;
mod error;
mod request;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use crate::Options;
use crate::model::{MAX_BODY, State};
use error::Failure;

/// The only folder.
pub const YANDEX_FOLDER: &str = "b1gsandboxsandboxsan";

/// The routes below `/yandexgpt`.
pub(crate) fn router(options: Options) -> Router {
    let state = State::new(options);
    Router::new()
        .route("/foundationModels/v1/completion", post(completion::create))
        .route("/foundationModels/v1/textEmbedding", post(embedding::create))
        .fallback(async || Failure::not_found())
        .method_not_allowed_fallback(async || Failure::not_found())
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn_with_state(state.clone(), check))
        .with_state(state)
}

/// Checks the key, marks responses as the sandbox's.
async fn check(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let credentials = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let mut response = match credentials.and_then(|value| value.strip_prefix("Api-Key ")) {
        Some(key) if key == state.options.api_key => next.run(request).await,
        Some(_) => Failure::unauthenticated("Unknown api key").into_response(),
        None => Failure::unauthenticated("The sandbox takes 'Authorization: Api-Key <key>'").into_response(),
    };
    response.headers_mut().insert(HeaderName::from_static("x-sandbox"), HeaderValue::from_static("true"));
    response
}
