//! Sign-in through Google (OpenID Connect) and Yandex ID (OAuth 2.0 with a profile), with pages that a person can click.
//!
//! Codes work once and for ten minutes, and only with the client, redirect URI and PKCE verifier of their authorization request. Google's ID tokens are
//! signed with an RSA key that is generated on first use; `POST /google/rotate` rotates it.

mod client;
mod consent;
mod desk;
mod fields;
mod google;
mod keys;
mod people;
#[cfg(test)]
mod tests;
mod yandex;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::map_response;
use axum::response::Response;

use crate::Options;

pub use client::{Client, google_client, yandex_client};
pub use google::ISSUER as GOOGLE_ISSUER;

/// The pages and endpoints below `/google` and `/yandex`.
pub(crate) fn router(options: &Options) -> Router {
    Router::new()
        .nest("/google", google::router(options))
        .nest("/yandex", yandex::router(options))
        .layer(map_response(mark))
}

async fn mark(mut response: Response) -> Response {
    response.headers_mut().insert("x-sandbox", HeaderValue::from_static("true"));
    response
}
