//! Settings of servers of OpenAI's protocol.

use domain::gateway::Fields;

use crate::{Secret, Timeouts};

/// Settings of OpenAI or a server of its protocol.
#[derive(Debug, Clone)]
pub struct OpenAiCompatibleSettings {
    /// The name in configuration and answers.
    pub name: String,
    /// Base URL, `/v1` included; `/chat/completions` and `/embeddings` are appended.
    pub base_url: String,
    /// The API key, sent as Bearer. If empty, none is sent, as local servers expect.
    pub api_key: Secret,
    /// `OpenAI-Organization`, for keys of several organizations.
    pub organization: Option<String>,
    /// `OpenAI-Project`; for Yandex Cloud's compatible API, the folder.
    pub project: Option<String>,
    pub limit_field: LimitField,
    /// Fields of every chat request, unless the caller set them.
    pub extra: Fields,
    pub timeouts: Timeouts,
}

/// The field of the token limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LimitField {
    /// `max_completion_tokens`, which OpenAI's reasoning models require.
    #[default]
    MaxCompletionTokens,
    /// `max_tokens`: deprecated by OpenAI, and the only one that older compatible servers know.
    MaxTokens,
}

impl OpenAiCompatibleSettings {
    /// Name of OpenAI itself.
    pub const OPENAI: &str = "openai";
    /// Base URL of OpenAI itself.
    pub(crate) const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";

    /// OpenAI itself, everything by default.
    pub fn openai(api_key: Secret) -> Self {
        Self::server(Self::OPENAI, Self::OPENAI_BASE_URL, api_key)
    }

    /// Another server, everything else by default.
    pub fn server(name: impl Into<String>, base_url: impl Into<String>, api_key: Secret) -> Self {
        Self {
            name: name.into(),
            base_url: base_url.into(),
            api_key,
            organization: None,
            project: None,
            limit_field: LimitField::default(),
            extra: Fields::new(),
            timeouts: Timeouts::default(),
        }
    }
}
