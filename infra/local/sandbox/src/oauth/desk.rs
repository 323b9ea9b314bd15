//! Authorization codes of both providers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::{constant_time, digest, rand};
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use super::client::Client;
use super::fields::Fields;
use super::people::Person;

/// Lifetime of a code, in seconds.
const CODE_LIFE: i64 = 600;

/// One provider's codes.
#[derive(Clone)]
pub(super) struct Desk {
    client: Client,
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    grants: Arc<Mutex<HashMap<String, Grant>>>,
}

/// A grant.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) person: Person,
    pub(super) redirect_uri: String,
    pub(super) nonce: Option<String>,
    pub(super) scope: String,
    /// PKCE, `S256`.
    pub(super) challenge: Option<String>,
    /// Seconds since 1970.
    pub(super) given_at: i64,
}

/// An error of the token endpoint (RFC 6749, 5.2).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(StatusCode, &'static str, &'static str);

impl Refusal {
    fn grant(why: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, "invalid_grant", why)
    }

    /// An internal error.
    pub(super) fn broken() -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "the sandbox is out of order")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, error, description) = self;
        (status, Json(json!({ "error": error, "error_description": description }))).into_response()
    }
}

impl Desk {
    pub(super) fn new(client: Client, clock: Arc<dyn Fn() -> i64 + Send + Sync>) -> Self {
        Self { client, clock, grants: Arc::default() }
    }

    pub(super) fn client_id(&self) -> &str {
        &self.client.id
    }

    /// The current time, in seconds since 1970.
    pub(super) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// A code for a grant.
    pub(super) fn give(&self, grant: Grant) -> Result<String, Refusal> {
        let code = random()?;
        let now = self.now();
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        grants.retain(|_, grant| now < grant.given_at + CODE_LIFE);
        grants.insert(code.clone(), grant);
        Ok(code)
    }

    /// Redeems a code, which is used up even if the request is invalid.
    pub(super) fn redeem(&self, headers: &HeaderMap, form: &Fields) -> Result<Grant, Refusal> {
        if !self.knows(headers, form) {
            return Err(Refusal(StatusCode::UNAUTHORIZED, "invalid_client", "The OAuth client was not found."));
        }
        if form.get("grant_type") != Some("authorization_code") {
            return Err(Refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Invalid grant_type."));
        }
        let code = form.get("code").unwrap_or_default();
        let grant = self.grants.lock().unwrap_or_else(PoisonError::into_inner).remove(code);
        let grant = grant.ok_or(Refusal::grant("The code is not known, or was used."))?;
        if self.now() >= grant.given_at + CODE_LIFE {
            return Err(Refusal::grant("The code has expired."));
        }
        if form.get("redirect_uri").is_some_and(|uri| uri != grant.redirect_uri) {
            return Err(Refusal::grant("The code was given for another redirect_uri."));
        }
        let hash = |verifier: &str| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
        if grant.challenge.is_some() && grant.challenge != form.get("code_verifier").map(hash) {
            return Err(Refusal::grant("The code_verifier is missing or wrong."));
        }
        Ok(grant)
    }

    /// Whether the request has the client's credentials: HTTP Basic or form fields.
    fn knows(&self, headers: &HeaderMap, form: &Fields) -> bool {
        let given = match basic(headers) {
            Some((id, secret)) => (id, secret),
            None => (
                form.get("client_id").unwrap_or_default().to_owned(),
                form.get("client_secret").unwrap_or_default().to_owned(),
            ),
        };
        let same = |given: &str, known: &str| {
            constant_time::verify_slices_are_equal(given.as_bytes(), known.as_bytes()).is_ok()
        };
        same(&given.0, &self.client.id) && same(&given.1, &self.client.secret)
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// A random token.
pub(super) fn random() -> Result<String, Refusal> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Refusal::broken())?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
