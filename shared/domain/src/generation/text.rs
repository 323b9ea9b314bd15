//! Plain texts from chat models.

/// A request for a text.
#[derive(Debug, Clone, PartialEq)]
pub struct TextRequest {
    /// The assistant's role and rules.
    pub system: String,
    /// The user's message.
    pub prompt: String,
    pub max_output_tokens: u32,
    /// Sampling temperature, 0 to 1. Not sent to models that reject one.
    pub temperature: f64,
}

/// A text written by a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOutput {
    /// The whole text. Never blank.
    pub text: String,
    pub tokens: Tokens,
    /// The limit of tokens ended the text.
    pub truncated: bool,
}

/// Tokens of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    pub input: u64,
    pub output: u64,
    /// The vendor sent no usage: counted from the lengths of the texts.
    pub estimated: bool,
}

impl Tokens {
    /// Input and output together.
    pub const fn total(self) -> u64 {
        self.input + self.output
    }

    /// An estimate for a vendor that sent no usage: three characters to a token, which is on the high side for Russian
    /// and English text.
    pub fn estimate(request: &TextRequest, output: &str) -> Self {
        let count = |text: &str| (text.chars().count() as u64).div_ceil(3);
        Self { input: count(&request.system) + count(&request.prompt), output: count(output), estimated: true }
    }
}

/// Receives each piece of a text as it comes. Must return at once.
pub type OnText<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Why no vendor wrote a text.
#[derive(Debug, thiserror::Error)]
pub enum NoText {
    /// None could be reached: a later attempt can succeed.
    #[error("no provider available: {0}")]
    Unavailable(String),
    /// At least one answered, and none with a usable text.
    #[error("no usable text: {0}")]
    Unusable(String),
}
