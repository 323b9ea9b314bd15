//! Yandex ID: OAuth 2.0 with a profile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::client::yandex_client;
use super::consent::Page;
use super::desk::{Desk, Grant, Refusal, random};
use super::fields::Fields;
use super::people::AT_YANDEX;
use crate::Options;

/// Lifetime of tokens, in seconds.
const TOKEN_LIFE: i64 = 3600;

const PAGE: Page = Page { provider: "Яндекс", people: &AT_YANDEX, knows_verified: false };

#[derive(Clone)]
struct Yandex {
    desk: Desk,
    /// The person and the expiry of each access token.
    tokens: Arc<Mutex<HashMap<String, (Grant, i64)>>>,
}

pub(super) fn router(options: &Options) -> Router {
    let desk = Desk::new(yandex_client(&options.api_key), options.clock.clone());
    Router::new()
        .route("/authorize", get(ask).post(answer))
        .route("/token", post(token))
        .route("/info", get(info))
        .with_state(Yandex { desk, tokens: Arc::default() })
}

async fn ask(State(yandex): State<Yandex>, RawQuery(query): RawQuery) -> Response {
    PAGE.ask(&yandex.desk, &Fields::parse(query.unwrap_or_default().as_bytes()))
}

async fn answer(State(yandex): State<Yandex>, form: Bytes) -> Response {
    PAGE.answer(&yandex.desk, &Fields::parse(&form))
}

async fn token(State(yandex): State<Yandex>, headers: HeaderMap, form: Bytes) -> Result<Json<Value>, Refusal> {
    let grant = yandex.desk.redeem(&headers, &Fields::parse(&form))?;
    let access_token = random()?;
    let reply = json!({
        "access_token": access_token, "expires_in": TOKEN_LIFE, "refresh_token": random()?, "token_type": "bearer", "scope": grant.scope
    });
    let now = yandex.desk.now();
    let mut tokens = yandex.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    tokens.retain(|_, (_, until)| now < *until);
    tokens.insert(access_token, (grant, now + TOKEN_LIFE));
    Ok(Json(reply))
}

/// The profile for `Authorization: OAuth <token>`.
async fn info(State(yandex): State<Yandex>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = given.strip_prefix("OAuth ").ok_or(StatusCode::UNAUTHORIZED)?;
    let tokens = yandex.tokens.lock().unwrap_or_else(PoisonError::into_inner);
    let found = tokens.get(token.trim()).filter(|(_, until)| yandex.desk.now() < *until);
    let (grant, _) = found.ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(Json(profile(yandex.desk.client_id(), grant)))
}

/// Fields of a profile; only those of the requested scope.
fn profile(client_id: &str, grant: &Grant) -> Value {
    let person = &grant.person;
    let mut profile = json!({
        "id": person.subject, "login": person.login(), "client_id": client_id, "psuid": format!("1.sandbox.{}", person.subject)
    });
    let mut add = |name: &str, value: Value| {
        if let Some(profile) = profile.as_object_mut() {
            profile.insert(name.to_owned(), value);
        }
    };
    let asked = |scope: &str| grant.scope.split(' ').any(|word| word == scope);
    if asked("login:info") {
        let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
        add("display_name", json!(first));
        add("real_name", json!(person.name));
        add("first_name", json!(first));
        add("last_name", json!(last));
        add("sex", Value::Null);
    }
    if asked("login:email") {
        add("emails", json!(person.email.iter().collect::<Vec<_>>()));
        if let Some(email) = &person.email {
            add("default_email", json!(email));
        }
    }
    profile
}
