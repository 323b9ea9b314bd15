//! `POST /api/v2/oauth`: access tokens for half an hour, with their expiry and a signature.

use aws_lc_rs::hmac;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::error::Failure;
use crate::Options;
use crate::model::State;

/// Lifetime of a token, in seconds.
const LIFETIME: i64 = 30 * 60;
/// The kind of account that the sandbox's key belongs to.
const SCOPE: &str = "GIGACHAT_API_PERS";

/// The authorization key that belongs to the sandbox's one key, as the vendor's console would show it.
pub fn gigachat_authorization_key(api_key: &str) -> String {
    STANDARD.encode(format!("sandbox:{api_key}"))
}

pub(super) async fn create(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Failure> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credentials = header(header::AUTHORIZATION.as_str()).strip_prefix("Basic ");
    let credentials = credentials.filter(|key| STANDARD.decode(key).is_ok());
    let credentials = credentials.ok_or_else(|| Failure::of_token(400, 4, "Can't decode 'Authorization' header"))?;
    if credentials != gigachat_authorization_key(&state.options.api_key) {
        return Err(Failure::of_token(401, 6, "credentials doesn't match db data"));
    }
    if !is_uuid4(header("rquid")) {
        return Err(Failure::of_token(400, 1, "RqUID is not a UUID of version 4"));
    }
    match form_urlencoded::parse(&body).find(|(name, _)| name == "scope") {
        Some((_, scope)) if scope == SCOPE => {}
        None => return Err(Failure::of_token(400, 5, "scope is empty")),
        Some(_) => return Err(Failure::of_token(400, 7, "scope from db not fully includes consumed scope")),
    }
    let expires = (state.options.clock)().saturating_add(LIFETIME);
    Ok(Json(json!({ "access_token": token(expires, &state.options), "expires_at": expires.saturating_mul(1000) })))
}

/// A UUID of version 4.
fn is_uuid4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let digits = parts.iter().all(|part| part.chars().all(|c| c.is_ascii_hexdigit()));
    lengths == [8, 4, 4, 4, 12] && digits && parts.get(2).is_some_and(|part| part.starts_with('4'))
}

fn token(expires: i64, options: &Options) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, options.api_key.as_bytes());
    format!("{expires}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, expires.to_string().as_bytes())))
}

/// Whether a token is authentic and has not expired.
pub(super) fn check(given: &str, options: &Options) -> Result<(), Failure> {
    let expires = given.split_once('.').and_then(|(expires, _)| expires.parse().ok());
    let expires = expires.filter(|expires| token(*expires, options) == given);
    match expires {
        None => Err(Failure::new(401, "Unauthorized")),
        Some(expires) if expires <= (options.clock)() => Err(Failure::new(401, "Token has expired")),
        Some(_) => Ok(()),
    }
}
