//! GigaChat's settings.

use std::str::FromStr;

use crate::{Secret, Timeouts};

/// The settings of GigaChat.
#[derive(Debug, Clone)]
pub struct GigaChatSettings {
    /// Where version 1 of the chat API is; `/chat/completions` is added.
    pub base_url: String,
    /// Where access tokens are given.
    pub auth_url: String,
    /// The authorization key as the vendor's site shows it. It is base64 already and is sent as it is.
    pub authorization_key: Secret,
    /// What the key was issued for.
    pub scope: GigaChatScope,
    /// The model. The vendor has no default.
    pub model: String,
    /// Certificate authorities (PEM, one or several) that this vendor's client trusts besides the system's: its hosts
    /// chain to the Russian Trusted Root CA, which few systems know. No other client trusts them.
    pub root_certificates: Option<String>,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

impl GigaChatSettings {
    /// The address that the vendor's SDK uses. An older one is `https://gigachat.devices.sberbank.ru/api/v1`.
    pub const DEFAULT_BASE_URL: &str = "https://api.giga.chat/v1";
    /// Where access tokens are given.
    pub const DEFAULT_AUTH_URL: &str = "https://ngw.devices.sberbank.ru:9443/api/v2/oauth";

    /// A model, everything else by default.
    pub fn new(authorization_key: Secret, scope: GigaChatScope, model: impl Into<String>) -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            auth_url: Self::DEFAULT_AUTH_URL.to_owned(),
            authorization_key,
            scope,
            model: model.into(),
            root_certificates: None,
            timeouts: Timeouts::default(),
        }
    }
}

/// What an authorization key was issued for. The vendor refuses a key that comes with another scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GigaChatScope {
    /// A person.
    Personal,
    /// A business that pays ahead for packages of tokens.
    Business,
    /// A business that pays for what it used.
    Corporate,
}

impl GigaChatScope {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "GIGACHAT_API_PERS",
            Self::Business => "GIGACHAT_API_B2B",
            Self::Corporate => "GIGACHAT_API_CORP",
        }
    }
}

/// A word that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected GIGACHAT_API_PERS, GIGACHAT_API_B2B or GIGACHAT_API_CORP")]
pub struct UnknownScope;

impl FromStr for GigaChatScope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Personal, Self::Business, Self::Corporate]
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownScope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_as_they_are_written() {
        for scope in [GigaChatScope::Personal, GigaChatScope::Business, GigaChatScope::Corporate] {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert_eq!("PERS".parse::<GigaChatScope>(), Err(UnknownScope));
    }
}
