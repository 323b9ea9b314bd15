//! Google: OpenID Connect.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::client::google_client;
use super::consent::Page;
use super::desk::{Desk, Grant, Refusal, random};
use super::fields::Fields;
use super::keys::Keys;
use super::people::AT_GOOGLE;
use crate::Options;

/// The issuer of ID tokens: not Google.
pub const ISSUER: &str = "https://google.sandbox.invalid";

/// Lifetime of tokens, in seconds.
const TOKEN_LIFE: i64 = 3599;

const PAGE: Page = Page { provider: "Google", people: &AT_GOOGLE, knows_verified: true };

#[derive(Clone)]
struct Google {
    desk: Desk,
    keys: Keys,
}

pub(super) fn router(options: &Options) -> Router {
    let desk = Desk::new(google_client(&options.api_key), options.clock.clone());
    Router::new()
        .route("/o/oauth2/v2/auth", get(ask).post(answer))
        .route("/token", post(token))
        .route("/oauth2/v3/certs", get(certs))
        .route("/rotate", post(rotate))
        .with_state(Google { desk, keys: Keys::default() })
}

async fn ask(State(google): State<Google>, RawQuery(query): RawQuery) -> Response {
    PAGE.ask(&google.desk, &Fields::parse(query.unwrap_or_default().as_bytes()))
}

async fn answer(State(google): State<Google>, form: Bytes) -> Response {
    PAGE.answer(&google.desk, &Fields::parse(&form))
}

async fn token(State(google): State<Google>, headers: HeaderMap, form: Bytes) -> Result<Json<Value>, Refusal> {
    let grant = google.desk.redeem(&headers, &Fields::parse(&form))?;
    let id_token = google.keys.sign(&claims(&google.desk, &grant)).await?;
    Ok(Json(json!({
        "access_token": random()?,
        "expires_in": TOKEN_LIFE,
        "scope": grant.scope,
        "token_type": "Bearer",
        "id_token": id_token,
    })))
}

/// Claims of an ID token; only those of the requested scope.
fn claims(desk: &Desk, grant: &Grant) -> Value {
    let now = desk.now();
    let mut claims = json!({
        "iss": ISSUER, "azp": desk.client_id(), "aud": desk.client_id(), "sub": grant.person.subject, "iat": now, "exp": now + TOKEN_LIFE
    });
    let mut add = |name: &str, value: Value| {
        if let Some(claims) = claims.as_object_mut() {
            claims.insert(name.to_owned(), value);
        }
    };
    let asked = |scope: &str| grant.scope.split(' ').any(|word| word == scope);
    if let Some(email) = grant.person.email.as_ref().filter(|_| asked("email")) {
        add("email", json!(email));
        add("email_verified", json!(grant.person.verified));
    }
    if !grant.person.name.is_empty() && asked("profile") {
        add("name", json!(grant.person.name));
    }
    if let Some(nonce) = &grant.nonce {
        add("nonce", json!(nonce));
    }
    claims
}

async fn certs(State(google): State<Google>) -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, "public, max-age=3600, must-revalidate, no-transform")],
        Json(google.keys.published().await),
    )
}

async fn rotate(State(google): State<Google>) -> Result<Json<Value>, Refusal> {
    Ok(Json(json!({ "kid": google.keys.rotate().await? })))
}
