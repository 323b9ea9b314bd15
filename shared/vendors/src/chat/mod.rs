//! Vendors of chat models: [`OpenAiCompatible`] (OpenAI and any server of its protocol), [`Anthropic`], [`GigaChat`],
//! [`YandexGpt`].
//!
//! A request in OpenAI's terms goes to [`OpenAiCompatible`] as written. The others translate it; a field without a
//! counterpart is refused by its name ([`ProviderError::Unsupported`](domain::gateway::ProviderError::Unsupported)) and
//! never dropped, except for those of the table below. None retries; only GigaChat repeats a request, once, if its
//! access token was rejected.
//!
//! # Fields that are not translated
//!
//! | field | why nothing is lost |
//! |---|---|
//! | `store`, `metadata` | about OpenAI's records, not about the answer |
//! | `prompt_cache_key`, `prompt_cache_retention`, `prediction` | hints for OpenAI's own servers |
//! | `safety_identifier`; `user` where there is no counterpart | identify end users for OpenAI's abuse detection |
//! | `stream_options` | about the envelope of the stream, which is the gateway's |
//! | `messages[].name` | vendors have roles only; GigaChat reads it as the name of a function |
//! | `reasoning_content`, `reasoning` and `annotations` of a message | a model's notes on an earlier answer; vendors accept only their own, signed |
//! | `image_url.detail` | a hint about the price of an image |
//! | default values: `n: 1`, penalties of 0, `logprobs: false`, `logit_bias: {}`, `response_format: text`, `service_tier: auto` or `default`, `verbosity: medium`, `modalities: ["text"]`, empty lists | they request nothing |
//!
//! # Errors
//!
//! | event | [`ProviderError`](domain::gateway::ProviderError) |
//! |---|---|
//! | a time-out of [`Timeouts`](crate::Timeouts) runs out | `TimedOut` |
//! | HTTP 402, or a vendor's code or message for the same with any status, 429 included | `OutOfFunds` |
//! | HTTP 429 otherwise | `RateLimited`, with `retry-after-ms` or `Retry-After` |
//! | a vendor's code of its content filter | `ContentRefused` with the vendor's message |
//! | HTTP 400, 413, 422 | `Rejected` with the vendor's message |
//! | HTTP 401, 403, 404, 3xx (redirects are not followed) and other 4xx; 400 with a code for a wrong key or model; settings that make no request; GigaChat refuses a token | `Misconfigured` |
//! | HTTP 408, 409, 425, 5xx; connection failures; malformed or oversized messages; bytes that are not UTF-8 | `Broken` |
//! | an error within a stream after HTTP 200 | as its own status or codes say, else `Broken` |
//! | a stream that ends before the vendor said that the answer is whole | `Broken` |
//!
//! Once every choice of a stream has its `finish_reason`, a later failure costs the usage only: the stream just ends. A
//! content filter that stops an answer in the middle is no error but `finish_reason` `content_filter`.
//!
//! Messages are at most about 300 characters long and hold no key.

mod anthropic;
mod delta;
mod embeddings;
mod gigachat;
mod openai;
mod stream;
mod translation;
mod usage;
mod variables;
mod yandexgpt;

use std::sync::Arc;

use domain::gateway::SharedVendor;
use domain::kernel::{Clock, IdSource};

use crate::Timeouts;
use crate::http::{Body, Failure, Limits, within};

pub use crate::gigachat::{GigaChatScope, GigaChatSettings, UnknownScope};
pub use anthropic::{Anthropic, AnthropicSettings};
pub use gigachat::GigaChat;
pub use openai::{LimitField, OpenAiCompatible, OpenAiCompatibleSettings};
pub use yandexgpt::{YandexGpt, YandexGptSettings};

/// Limits of a stream. It is not buffered, and each token takes some 300 bytes; YandexGPT repeats the text so far in
/// every line.
const STREAM_LIMITS: Limits = Limits { line: 1024 * 1024, total: 256 * 1024 * 1024 };

/// Longest whole answer, in bytes: many choices with the probabilities of their tokens, or many embeddings.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Settings of the chat vendors. A vendor without settings is not configured.
#[derive(Debug, Clone, Default)]
pub struct ChatVendorsSettings {
    /// OpenAI and servers of its protocol, each under its own name.
    pub openai_compatible: Vec<OpenAiCompatibleSettings>,
    /// Anthropic.
    pub anthropic: Option<AnthropicSettings>,
    /// Sber GigaChat.
    pub gigachat: Option<GigaChatSettings>,
    /// YandexGPT.
    pub yandexgpt: Option<YandexGptSettings>,
}

/// The configured vendors: those of OpenAI's protocol first, in the order of the settings.
///
/// Does no work: connections, TLS set-up and access tokens come with a vendor's first call. Build the vendors once per
/// process and share them: they hold the connection pools and GigaChat's access token. `clock` dates tokens and waits;
/// `ids` mints the ids of token requests and of GigaChat's function calls.
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

/// The bytes of a whole answer, read within the time-outs.
async fn whole(timeouts: &Timeouts, opening: impl Future<Output = Result<Body, Failure>>) -> Result<Vec<u8>, Failure> {
    within(timeouts.total, async { opening.await?.whole(MAX_ANSWER).await }).await
}
