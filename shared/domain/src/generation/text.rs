//! The port to text models, and the choice among them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::ProviderId;

/// One question to a text model.
#[derive(Debug, Clone, PartialEq)]
pub struct TextRequest {
    /// The assistant's role and rules.
    pub system: String,
    /// The user's message.
    pub prompt: String,
    /// The most tokens to write.
    pub max_output_tokens: u32,
    /// Sampling temperature, 0 to 1. Vendors that do not take one ignore it.
    pub temperature: f32,
}

/// What a text model wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOutput {
    /// The whole text. Never empty.
    pub text: String,
    /// What was used.
    pub tokens: Tokens,
    /// Whether the text ended because the limit was reached.
    pub truncated: bool,
}

/// Tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens read.
    pub input: u64,
    /// Tokens written.
    pub output: u64,
    /// The vendor told no figures; these are counted from the texts' lengths.
    pub estimated: bool,
}

impl Tokens {
    /// Read and written together.
    pub const fn total(self) -> u64 {
        self.input + self.output
    }

    /// An estimate for a vendor that told no figures: three characters to a token, which is on the high side for Russian and English text.
    pub fn estimate(request: &TextRequest, output: &str) -> Self {
        let count = |text: &str| (text.chars().count() as u64).div_ceil(3);
        Self { input: count(&request.system) + count(&request.prompt), output: count(output), estimated: true }
    }
}

/// Receives a text as it grows: each call brings the next piece. Must return at once.
pub type OnText<'a> = &'a mut (dyn FnMut(&str) + Send);

/// A vendor that writes texts.
#[async_trait]
pub trait TextModel: Send + Sync {
    /// Who this is.
    fn provider(&self) -> ProviderId;

    /// Writes a text, calling `on_text` with each new piece as it comes. The returned text is the one that counts: a vendor that rewrites what
    /// it said before makes the pieces a mere preview.
    ///
    /// Implementations own their time-outs (connect, first byte, silence between bytes) and do not retry: choosing whether and where to try
    /// again is the caller's. Dropping the future closes the vendor's connection.
    async fn write(&self, request: &TextRequest, on_text: OnText<'_>) -> Result<TextOutput, TextError>;
}

/// Why a vendor wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// No answer, or silence in the middle of one, for too long.
    #[error("timed out")]
    TimedOut,
    /// Asked too often; `retry_after` if the vendor said.
    #[error("rate limited")]
    RateLimited {
        /// How long the vendor asks to wait.
        retry_after: Option<Duration>,
    },
    /// Our account with the vendor is out of money.
    #[error("account with the vendor is out of funds")]
    OutOfFunds,
    /// 5xx, connection failures, answers that break the protocol, streams that break off.
    #[error("failed: {0}")]
    Broken(String),
    /// Our key or our request is wrong: a defect in configuration or code.
    #[error("request refused: {0}")]
    Rejected(String),
    /// The vendor's content filter refused the material or the answer.
    #[error("content refused")]
    ContentRefused,
}

/// A vendor by reference, as state holds it.
pub type SharedTextModel = Arc<dyn TextModel>;
