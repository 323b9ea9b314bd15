//! The sandbox: a stand-in for the outside services that the products call, for local runs and tests.
//!
//! It speaks the vendors' real protocols, so product code takes its production path, and it always says what it is: every response has the header
//! `x-sandbox: true`, and a text answer names the model `sandbox`.
//!
//! | path | plays |
//! |---|---|
//! | `POST /openai/v1/chat/completions`, `POST /openai/v1/embeddings` | OpenAI: chats, whole or streamed, with tools; vectors |
//! | `POST /anthropic/v1/messages` | Anthropic: chats, whole or streamed, with tools |
//! | `POST /gigachat/api/v2/oauth` | GigaChat: access tokens, for the [`gigachat_authorization_key`] |
//! | `POST /gigachat/api/v1/chat/completions`, `…/embeddings` | GigaChat: chats, whole or streamed, with functions; vectors |
//! | `POST /yandexgpt/foundationModels/v1/completion`, `…/textEmbedding` | YandexGPT in the folder [`YANDEX_FOLDER`]: chats, whole or streamed; vectors |
//! | `/google/o/oauth2/v2/auth`, `POST /google/token`, `GET /google/oauth2/v3/certs` | Google's sign-in; `POST /google/rotate` brings a new key |
//! | `/yandex/authorize`, `POST /yandex/token`, `GET /yandex/info` | Yandex ID |
//! | `/yookassa/v3/…`, `/robokassa/Merchant/…`, `/cloudpayments/…`, `/tbank/v2/…` | payment providers; `GET /payments` lists the payments |
//! | `POST /unisender/ru/transactional/api/v1/email/send.json` | Unisender Go; `GET /mailbox` shows the emails |
//! | `GET /openai/v1/models`, `GET /openai/v1/models/{id}` | OpenAI models |
//! | `POST /openai/v1/images/generations` | OpenAI image models |
//! | `GET /fusionbrain/key/api/v1/pipelines`, `POST …/pipeline/run`, `GET …/pipeline/status/{uuid}` | Kandinsky by FusionBrain, with the keys of [`FusionBrainKeys`] |
//!
//! # Texts
//!
//! There is no language model inside: the sandbox imitates protocols, never quality. An answer has the form that the request asks for, quotes the
//! request, and says that it comes from the sandbox. The same request always gets the same answer. `spell_check` alone does its job, with real
//! dictionaries, because the contract's example shows what comes out of it.
//!
//! A function is called if the last user message has a word of its name or description, or if the request requires a call. Its arguments are valid
//! against its schema and filled with names from the message. The answer to results of functions quotes them.
//!
//! # Pictures
//!
//! There is no image model either. A picture has the asked size and shows the prompt on a coloured background. The same prompt, style and size always
//! give the same file.
//!
//! A prompt with «запрещено» or "forbidden" is refused: FusionBrain sends a stub marked as censored, OpenAI an error with the code
//! `moderation_blocked`.
//!
//! FusionBrain has no model names; a word in the prompt selects its behaviour:
//!
//! | word | what happens |
//! |---|---|
//! | `sandbox-queue-full` | the order gets status 200 and `DISABLED_BY_QUEUE` |
//! | `sandbox-fail` | the drawing ends with status `FAIL` |
//! | `sandbox-lost` | the first poll gets status 404 |
//! | `sandbox-slow` | `INITIAL`, `PROCESSING`, `DONE` in three polls; without this word a drawing takes about 400 times the pace |
//! | `sandbox-500` | the order gets status 500 |
//! | `sandbox-hang` | the order gets no response |
//!
//! # Behaviour by model name
//!
//! The `model` of a request selects the behaviour of a text vendor, and of OpenAI's pictures too; no other switch is needed.
//!
//! | model | what happens |
//! |---|---|
//! | `sandbox`, and names of the vendor's own, such as `gpt-4o`, `claude-sonnet-4-20250514`, `GigaChat-2`, `yandexgpt/latest` | a good answer |
//! | `sandbox-slow` | a good answer at a tenth of the pace, at least 200 ms between chunks; an unstreamed one takes as long, 20 s at most |
//! | `sandbox-hang` | no response, not even a status line |
//! | `sandbox-500` | status 500 |
//! | `sandbox-429` | status 429, rate limited; OpenAI and Anthropic add `retry-after: 1` |
//! | `sandbox-quota` | the vendor account is out of money, in the vendor's own way (OpenAI: status 429, `insufficient_quota`); retrying is useless |
//! | `sandbox-broken-json` | status 200 and JSON that ends in the middle; streamed: one such frame among good ones |
//! | `sandbox-half-stream` | a few chunks (or half of the body), then the connection is cut |
//! | `sandbox-stream-error` | status 200, a few chunks, then a frame with an `error`; unstreamed: status 200 with an error object |
//! | `sandbox-no-usage` | a good answer without `usage`, even where it was asked for |

mod anthropic;
mod composer;
mod gigachat;
mod images;
mod mail;
mod model;
pub mod oauth;
mod openai;
pub mod payments;
mod seed;
mod spelling;
mod yandexgpt;

use std::sync::Arc;
use std::time::Duration;

pub use gigachat::gigachat_authorization_key;
pub use images::fusionbrain::FusionBrainKeys;
pub use yandexgpt::YANDEX_FOLDER;

/// Settings.
#[derive(Clone)]
pub struct Options {
    /// The one API key that is accepted.
    pub api_key: String,
    /// The pause between two chunks of a streamed answer. Zero in tests.
    pub pace: Duration,
    /// The current time, in seconds since 1970.
    pub clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    /// The shops at the payment providers.
    pub shops: Vec<payments::Credentials>,
}

impl Options {
    /// Settings with one key, from which all others are derived.
    pub fn new(api_key: &str, pace: Duration, clock: Arc<dyn Fn() -> i64 + Send + Sync>) -> Self {
        Self { api_key: api_key.to_owned(), pace, clock, shops: payments::shops(api_key) }
    }
}

/// Every vendor that the sandbox plays, each under a prefix of its own.
pub fn router(options: Options) -> axum::Router {
    axum::Router::new()
        .nest("/openai/v1", openai::router(options.clone()))
        .nest("/anthropic", anthropic::router(options.clone()))
        .nest("/gigachat", gigachat::router(options.clone()))
        .nest("/yandexgpt", yandexgpt::router(options.clone()))
        .nest("/fusionbrain", images::fusionbrain::router(options.clone()))
        .merge(oauth::router(&options))
        .merge(payments::router(&options))
        .merge(mail::router(options))
}
