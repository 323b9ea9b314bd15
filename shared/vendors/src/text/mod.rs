//! Vendors of text models: [`OpenAi`] and servers that speak its protocol, [`Anthropic`], [`GigaChat`], [`YandexGpt`].
//!
//! All of them ask for a streamed answer, so that each piece reaches the caller as it comes. None retries; GigaChat
//! alone repeats a request, once, when its access token was turned down.
//!
//! How failures are told ([`TextError`]), for every vendor unless its module says more:
//!
//! | what happens | error |
//! |---|---|
//! | a time-out of [`Timeouts`](crate::Timeouts) runs out | `TimedOut` |
//! | HTTP 429 | `RateLimited`, with `retry-after-ms` or `Retry-After` |
//! | HTTP 402, or a vendor's own words for the same | `OutOfFunds` |
//! | HTTP 3xx (redirects are not followed) and other 4xx; settings that make no request | `Rejected` |
//! | HTTP 408, 409, 425, 5xx; connection failures | `Broken` |
//! | an error within a stream after HTTP 200, a malformed or oversized message, bytes that are not UTF-8 | `Broken` |
//! | a stream that ends before the vendor said that the text is finished; an empty or blank text | `Broken` |
//! | the vendor's content filter stops the answer, even when pieces were already given out | `ContentRefused` |
//!
//! Once the vendor said that the text is finished, whatever fails after that costs the usage figures only: they are
//! estimated.
//!
//! Texts inside errors are at most about 300 characters long and hold no key; they may quote what the vendor said.

mod anthropic;
mod chat;
pub(crate) mod gigachat;
mod openai;
mod output;
mod variables;
mod yandexgpt;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::generation::text::{SharedTextModel, TextError};
use domain::kernel::{Clock, IdSource};

use crate::http::{Failure, Limits};

pub use anthropic::{Anthropic, AnthropicSettings};
pub(crate) use anthropic::{OUT_OF_CREDIT, VERSION as ANTHROPIC_VERSION};
pub use gigachat::{GigaChat, GigaChatScope, GigaChatSettings, UnknownScope};
pub(crate) use openai::{CONTENT_REFUSED as OPENAI_CONTENT_REFUSED, OUT_OF_FUNDS as OPENAI_OUT_OF_FUNDS};
pub use openai::{LimitField, OpenAi, OpenAiSettings};
pub(crate) use output::Count;
pub(crate) use variables::parse_limit_field;
pub use yandexgpt::{YandexGpt, YandexGptSettings};

/// How much of a stream of events is taken: some 300 bytes come with each token.
const EVENT_LIMITS: Limits = Limits { line: 1024 * 1024, total: 64 * 1024 * 1024 };

/// The settings of all text vendors. A vendor without settings is not configured and is not offered.
#[derive(Debug, Clone, Default)]
pub struct TextVendorsSettings {
    /// OpenAI, or a server that speaks its protocol.
    pub openai: Option<OpenAiSettings>,
    /// Anthropic.
    pub anthropic: Option<AnthropicSettings>,
    /// Sber GigaChat.
    pub gigachat: Option<GigaChatSettings>,
    /// YandexGPT.
    pub yandexgpt: Option<YandexGptSettings>,
}

/// The configured vendors, in the order of [`TextVendorsSettings`].
///
/// Costs nothing: connections, TLS set-up and access tokens come with a vendor's first call. Build the vendors once per
/// process and share them: they hold the connection pools and GigaChat's access token. `clock` dates tokens and the
/// waits that vendors ask for; `ids` mints the ids of token requests.
pub fn text_models(
    settings: TextVendorsSettings,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Vec<SharedTextModel> {
    let TextVendorsSettings { openai, anthropic, gigachat, yandexgpt } = settings;
    let mut models: Vec<SharedTextModel> = Vec::new();
    models.extend(openai.map(|settings| Arc::new(OpenAi::new(settings, clock.clone())) as SharedTextModel));
    models.extend(anthropic.map(|settings| Arc::new(Anthropic::new(settings, clock.clone())) as SharedTextModel));
    models.extend(
        gigachat.map(|settings| Arc::new(GigaChat::new(settings, clock.clone(), ids.clone())) as SharedTextModel),
    );
    models.extend(yandexgpt.map(|settings| Arc::new(YandexGpt::new(settings, clock.clone())) as SharedTextModel));
    models
}

impl From<Failure> for TextError {
    /// What a failure means when the vendor's module gives it no other meaning.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => Self::TimedOut,
            Failure::Broken(reason) => Self::Broken(reason),
            Failure::Misconfigured(reason) => Self::Rejected(reason),
            Failure::Answered(answer) => match answer.status {
                402 => Self::OutOfFunds,
                429 => Self::RateLimited { retry_after: answer.retry_after },
                408 | 409 | 425 | 500.. => Self::Broken(answer.describe()),
                _ => Self::Rejected(answer.describe()),
            },
        }
    }
}

/// Runs a whole call within its time.
async fn within<T>(total: Duration, call: impl Future<Output = Result<T, TextError>>) -> Result<T, TextError> {
    tokio::time::timeout(total, call).await.unwrap_or(Err(TextError::TimedOut))
}
