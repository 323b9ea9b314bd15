//! Vendors of chats for those who call them through one API: [`OpenAiCompatible`] (OpenAI itself and any server that speaks its
//! protocol), [`Anthropic`], [`GigaChat`], [`YandexGpt`].
//!
//! A request in OpenAI's terms goes to [`OpenAiCompatible`] as it was written. The others translate it; a field that they cannot
//! translate is refused by its name ([`ProviderError::Unsupported`]) and never dropped, but for those of the table below. None
//! retries; GigaChat alone repeats a request, once, when its access token was turned down.
//!
//! # Fields that the translating vendors leave out
//!
//! | field | why nothing is lost |
//! |---|---|
//! | `store`, `metadata` | about the records that OpenAI keeps, not about the answer |
//! | `prompt_cache_key`, `prompt_cache_retention`, `prediction` | hints that make OpenAI's own servers faster |
//! | `safety_identifier`; `user` where there is no counterpart | tell users apart in OpenAI's watch for abuse |
//! | `stream_options` | about the stream's wrapping, which is the gateway's |
//! | `messages[].name` | vendors know roles only; GigaChat takes it for the name of a function |
//! | `reasoning_content`, `reasoning` and `annotations` of a message | a model's notes on an answer given before; vendors take back only their own, signed |
//! | `image_url.detail` | a hint about the price of a picture |
//! | anything at the value that it has when nobody says it: `n: 1`, penalties of 0, `logprobs: false`, `logit_bias: {}`, `response_format: text`, `service_tier: auto` or `default`, `verbosity: medium`, `modalities: ["text"]`, empty lists | it asks for nothing |
//!
//! # How failures are told ([`ProviderError`])
//!
//! | what happens | error |
//! |---|---|
//! | a time-out of [`Timeouts`](crate::Timeouts) runs out | `TimedOut` |
//! | HTTP 402, or a vendor's own words for the same with any status, 429 among them | `OutOfFunds` |
//! | HTTP 429 otherwise | `RateLimited`, with `retry-after-ms` or `Retry-After` |
//! | a vendor's word for its content filter | `ContentRefused` in its words |
//! | HTTP 400, 413, 422 | `Rejected` in the vendor's words |
//! | HTTP 401, 403, 404, 3xx (redirects are not followed) and other 4xx; 400 with a word for a wrong key or model; settings that make no request; GigaChat's refusal of a token | `Misconfigured` |
//! | HTTP 408, 409, 425, 5xx; connection failures; malformed or oversized messages; bytes that are not UTF-8 | `Broken` |
//! | an error within a stream after HTTP 200 | as its own status or words say, else `Broken` |
//! | a stream that ends before the vendor said that the answer is whole | `Broken` |
//!
//! Once every choice of a stream has its `finish_reason`, whatever fails after that costs the usage figures only: the stream
//! just ends. A content filter that stops an answer in the middle is no error but `finish_reason` `content_filter`.
//!
//! Texts inside errors are at most about 300 characters long and hold no key.

mod anthropic;
mod delta;
mod embeddings;
mod failure;
mod gigachat;
mod openai;
mod stream;
mod translation;
mod usage;
mod variables;
mod yandexgpt;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::gateway::{ProviderError, SharedVendor};
use domain::kernel::{Clock, IdSource};

use crate::http::Limits;
use crate::text::GigaChatSettings;

pub use anthropic::{Anthropic, AnthropicSettings};
pub use gigachat::GigaChat;
pub use openai::{OpenAiCompatible, OpenAiCompatibleSettings};
pub use yandexgpt::{YandexGpt, YandexGptSettings};

/// How much of a stream is taken. Nothing of it is kept, and some 300 bytes come with each token; YandexGPT repeats the text so
/// far with every line.
const STREAM_LIMITS: Limits = Limits { line: 1024 * 1024, total: 256 * 1024 * 1024 };

/// The longest answer that comes in one piece, in bytes: many choices with the probabilities of their tokens, or many vectors.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// The settings of all vendors of chats. A vendor without settings is not configured and is not offered.
#[derive(Debug, Clone, Default)]
pub struct ChatVendorsSettings {
    /// OpenAI and servers that speak its protocol, each under its own name.
    pub openai_compatible: Vec<OpenAiCompatibleSettings>,
    /// Anthropic.
    pub anthropic: Option<AnthropicSettings>,
    /// Sber GigaChat. The model of these settings is not used: each call names its own.
    pub gigachat: Option<GigaChatSettings>,
    /// YandexGPT.
    pub yandexgpt: Option<YandexGptSettings>,
}

/// The configured vendors: those that speak OpenAI's protocol first, in the order of the settings.
///
/// Costs nothing: connections, TLS set-up and access tokens come with a vendor's first call. Build the vendors once per
/// process and share them: they hold the connection pools and GigaChat's access token. `clock` dates tokens and the
/// waits that vendors ask for; `ids` mints the ids of token requests and of GigaChat's calls of functions.
pub fn chat_vendors(
    settings: ChatVendorsSettings,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Vec<SharedVendor> {
    let ChatVendorsSettings { openai_compatible, anthropic, gigachat, yandexgpt } = settings;
    let mut vendors: Vec<SharedVendor> = Vec::new();
    for settings in openai_compatible {
        vendors.push(Arc::new(OpenAiCompatible::new(settings, clock.clone())));
    }
    vendors.extend(anthropic.map(|settings| Arc::new(Anthropic::new(settings, clock.clone())) as SharedVendor));
    vendors
        .extend(gigachat.map(|settings| Arc::new(GigaChat::new(settings, clock.clone(), ids.clone())) as SharedVendor));
    vendors.extend(yandexgpt.map(|settings| Arc::new(YandexGpt::new(settings, clock.clone())) as SharedVendor));
    vendors
}

/// Runs a whole call within its time.
async fn within<T>(total: Duration, call: impl Future<Output = Result<T, ProviderError>>) -> Result<T, ProviderError> {
    tokio::time::timeout(total, call).await.unwrap_or(Err(ProviderError::TimedOut))
}
