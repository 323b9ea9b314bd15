//! Unisender Go's API, and the mailbox with the emails that were sent.

mod pages;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, response::Html};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Options;

/// Number of emails kept; older ones are dropped.
const CAPACITY: usize = 500;

/// A sent email.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    number: u64,
    to: String,
    from: String,
    subject: String,
    text: String,
    /// Seconds since 1970.
    sent_at: i64,
    key: Option<String>,
}

#[derive(Default)]
struct Letters {
    kept: VecDeque<Letter>,
    sent: u64,
}

#[derive(Clone)]
struct Mailbox {
    options: Options,
    letters: Arc<Mutex<Letters>>,
}

#[derive(Deserialize)]
struct Request {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    recipients: Vec<Recipient>,
    body: Body,
    subject: String,
    from_email: String,
    #[serde(default)]
    from_name: String,
    idempotence_key: Option<String>,
}

#[derive(Deserialize)]
struct Recipient {
    email: String,
}

#[derive(Deserialize)]
struct Body {
    plaintext: Option<String>,
    html: Option<String>,
}

/// The API below `/unisender`, and the pages below `/mailbox`.
pub(crate) fn router(options: Options) -> Router {
    let mailbox = Mailbox { options, letters: Arc::default() };
    Router::new()
        .route("/unisender/ru/transactional/api/v1/email/send.json", post(send))
        .route("/mailbox", get(list))
        .route("/mailbox/letters.json", get(list_as_json))
        .route("/mailbox/{number}", get(show))
        .layer(map_response(mark))
        .with_state(mailbox)
}

async fn mark(mut response: Response) -> Response {
    response.headers_mut().insert("x-sandbox", HeaderValue::from_static("true"));
    response
}

impl Mailbox {
    fn with<T>(&self, use_them: impl FnOnce(&mut Letters) -> T) -> T {
        use_them(&mut self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stores the emails of a message; a repeat with the same idempotency key stores none.
    fn keep(&self, message: Message) -> u64 {
        let sent_at = (self.options.clock)();
        let text = message.body.plaintext.or(message.body.html).unwrap_or_default();
        let from = match message.from_name.as_str() {
            "" => message.from_email,
            name => format!("{name} <{}>", message.from_email),
        };
        self.with(|letters| {
            let repeated = message.idempotence_key.is_some()
                && letters.kept.iter().any(|letter| letter.key == message.idempotence_key);
            for recipient in message.recipients.iter().filter(|_| !repeated) {
                letters.sent += 1;
                letters.kept.push_front(Letter {
                    number: letters.sent,
                    to: recipient.email.clone(),
                    from: from.clone(),
                    subject: message.subject.clone(),
                    text: text.clone(),
                    sent_at,
                    key: message.idempotence_key.clone(),
                });
            }
            letters.kept.truncate(CAPACITY);
            letters.sent
        })
    }
}

/// The vendor's error.
fn failure(status: StatusCode, code: u16, message: &str) -> Response {
    (status, Json(json!({ "status": "error", "code": code, "message": message }))).into_response()
}

async fn send(State(mailbox): State<Mailbox>, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers.get("x-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    if key != mailbox.options.api_key {
        return failure(StatusCode::UNAUTHORIZED, 102, "Can not decode key");
    }
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(_) => return failure(StatusCode::BAD_REQUEST, 150, "Bad JSON"),
    };
    let addresses: Vec<_> = request.message.recipients.iter().map(|recipient| recipient.email.clone()).collect();
    if addresses.is_empty() {
        return failure(StatusCode::BAD_REQUEST, 204, "No recipients");
    }
    let invalid: serde_json::Map<String, Value> = addresses
        .iter()
        .filter(|address| !address.contains('@'))
        .map(|address| (address.clone(), "invalid".into()))
        .collect();
    if !invalid.is_empty() {
        return Json(json!({ "status": "success", "job_id": "", "emails": [], "failed_emails": invalid }))
            .into_response();
    }
    let job = mailbox.keep(request.message);
    Json(json!({ "status": "success", "job_id": format!("sandbox-{job}"), "emails": addresses })).into_response()
}

async fn list(State(mailbox): State<Mailbox>) -> Html<String> {
    Html(mailbox.with(|letters| pages::list(letters.kept.iter())))
}

async fn show(
    State(mailbox): State<Mailbox>,
    axum::extract::Path(number): axum::extract::Path<u64>,
) -> Result<Html<String>, StatusCode> {
    let letter = mailbox.with(|letters| letters.kept.iter().find(|letter| letter.number == number).cloned());
    letter.map(|letter| Html(pages::letter(&letter))).ok_or(StatusCode::NOT_FOUND)
}

/// The mailbox as JSON.
async fn list_as_json(State(mailbox): State<Mailbox>) -> Json<Value> {
    let line = |letter: &Letter| json!({ "to": letter.to, "from": letter.from, "subject": letter.subject, "text": letter.text, "sent_at": letter.sent_at });
    Json(mailbox.with(|letters| letters.kept.iter().map(line).collect()))
}
