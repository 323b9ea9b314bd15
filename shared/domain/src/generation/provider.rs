//! The vendors of models.

use std::fmt;

/// A vendor of models, as named on the wire (`provider_used`) and in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderId {
    /// OpenAI, or a server that speaks its protocol.
    OpenAi,
    /// Anthropic.
    Anthropic,
    /// Sber GigaChat.
    GigaChat,
    /// YandexGPT.
    YandexGpt,
    /// YandexART.
    YandexArt,
    /// Sber Kandinsky, by FusionBrain.
    Kandinsky,
    /// Stability AI.
    Stability,
}

impl ProviderId {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::GigaChat => "gigachat",
            Self::YandexGpt => "yandexgpt",
            Self::YandexArt => "yandexart",
            Self::Kandinsky => "kandinsky",
            Self::Stability => "stability",
        }
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
