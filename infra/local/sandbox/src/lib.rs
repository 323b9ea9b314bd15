//! The sandbox: a stand-in for the outside companies that the products call, for local runs and tests.
//!
//! It speaks the vendors' real protocols, so product code takes its production path, and it always says what it is: every answer carries
//! `x-sandbox: true`, and a text answer names the model `sandbox`.
//!
//! | path | plays |
//! |---|---|
//! | `POST /openai/v1/chat/completions` | OpenAI chat completions, whole or streamed |
//! | `POST /unisender/ru/transactional/api/v1/email/send.json` | Unisender Go; `GET /mailbox` shows the letters |
//! | `GET /openai/v1/models`, `GET /openai/v1/models/{id}` | OpenAI models |
//!
//! # The text model
//!
//! There is no language model inside. A few honest text techniques answer a prompt, chosen by the tool that the prompt names: spelling with
//! real dictionaries, extraction from the given text, rewriting by tables, composition from templates, translation word by word.
//! The same prompt always gets the same answer. A prompt that names no tool gets a short chat answer.
//!
//! # Behaviour by model name
//!
//! The `model` of a request selects how the vendor behaves; no other switch is needed.
//!
//! | model | what happens |
//! |---|---|
//! | `sandbox` | a good answer |
//! | `sandbox-slow` | a good answer at a tenth of the pace, at least 200 ms between chunks; an unstreamed one takes as long, 20 s at most |
//! | `sandbox-hang` | no answer ever: not even a status line |
//! | `sandbox-500` | status 500, `server_error` |
//! | `sandbox-429` | status 429, `rate_limit_exceeded`, `retry-after: 1` |
//! | `sandbox-quota` | status 429, `insufficient_quota`: the vendor account is out of money, retrying is useless |
//! | `sandbox-broken-json` | status 200 and JSON that ends in the middle; streamed: one such frame among good ones |
//! | `sandbox-half-stream` | a few chunks (or half of the body), then the connection is cut |
//! | `sandbox-stream-error` | status 200, a few chunks, then a frame with an `error`; unstreamed: status 200 with an error object |
//! | `sandbox-no-usage` | a good answer without `usage`, even where it was asked for |

mod compose;
mod extract;
mod mail;
mod openai;
mod rewrite;
mod spelling;
mod text;
mod tools;
mod translate;
mod writer;

use std::sync::Arc;
use std::time::Duration;

/// What the sandbox needs to know.
#[derive(Clone)]
pub struct Options {
    /// The one API key that it accepts.
    pub api_key: String,
    /// The pause between two chunks of a streamed answer. Zero in tests.
    pub pace: Duration,
    /// The present time, in seconds since 1970.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// Every vendor that the sandbox plays, each under a prefix of its own.
pub fn router(options: Options) -> axum::Router {
    axum::Router::new().nest("/openai/v1", openai::router(options.clone())).merge(mail::router(options))
}
