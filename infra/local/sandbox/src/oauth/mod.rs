//! Sign-in through Google (OpenID Connect) and Yandex ID (OAuth 2.0 with a profile), with pages that a person can click.
//!
//! Codes work once and for ten minutes, and only for the client, the address and the PKCE verifier that they were asked for with. Google's ID
//! tokens are signed with an RSA key that is made when it is first needed; `POST /google/rotate` brings a new one.

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
