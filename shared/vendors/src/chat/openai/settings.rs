//! The settings of servers that speak OpenAI's protocol.

use domain::gateway::Fields;

use crate::text::{LimitField, OpenAiSettings};
use crate::{Secret, Timeouts};

/// The settings of OpenAI or a server that speaks its protocol.
#[derive(Debug, Clone)]
pub struct OpenAiCompatibleSettings {
    /// The name, as callers and configuration know it.
    pub name: String,
    /// Where the API is, `/v1` included; `/chat/completions` and `/embeddings` are added.
    pub base_url: String,
    /// The API key, sent as Bearer. When empty, none is sent, as servers on one's own machine like it.
    pub api_key: Secret,
    /// `OpenAI-Organization`, for keys of several organizations.
    pub organization: Option<String>,
    /// `OpenAI-Project`; for Yandex Cloud's imitation of this protocol, the folder.
    pub project: Option<String>,
    /// The field that carries the limit of tokens.
    pub limit_field: LimitField,
    /// Fields that every chat is asked with, unless the caller wrote them.
    pub extra: Fields,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

impl OpenAiCompatibleSettings {
    /// The name of OpenAI itself.
    pub const OPENAI: &str = "openai";

    /// OpenAI itself, everything by default.
    pub fn openai(api_key: Secret) -> Self {
        Self::server(Self::OPENAI, OpenAiSettings::DEFAULT_BASE_URL, api_key)
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
