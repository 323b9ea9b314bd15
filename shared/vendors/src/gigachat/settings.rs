//! Settings of GigaChat.

use std::str::FromStr;

use crate::variables::{Variables, malformed};
use crate::{MalformedVariable, Secret, Timeouts};

/// Settings of GigaChat. Models come with each call.
#[derive(Debug, Clone)]
pub struct GigaChatSettings {
    /// Base URL of version 1 of the API; `/chat/completions` is appended.
    pub base_url: String,
    /// URL of the token endpoint.
    pub auth_url: String,
    /// The authorization key as the vendor's site shows it: base64 already, sent as it is.
    pub authorization_key: Secret,
    pub scope: GigaChatScope,
    /// Certificate authorities (PEM, one or several) trusted besides the system's, by this vendor's client only: its
    /// hosts chain to the Russian Trusted Root CA, which few systems know.
    pub root_certificates: Option<String>,
    pub timeouts: Timeouts,
}

impl GigaChatSettings {
    /// As in the vendor's SDK. An older address is `https://gigachat.devices.sberbank.ru/api/v1`.
    pub const DEFAULT_BASE_URL: &str = "https://api.giga.chat/v1";
    pub const DEFAULT_AUTH_URL: &str = "https://ngw.devices.sberbank.ru:9443/api/v2/oauth";

    /// A key, everything else by default.
    pub fn new(authorization_key: Secret, scope: GigaChatScope) -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            auth_url: Self::DEFAULT_AUTH_URL.to_owned(),
            authorization_key,
            scope,
            root_certificates: None,
            timeouts: Timeouts::default(),
        }
    }

    /// Reads the settings if there is a key: `GIGACHAT_AUTHORIZATION_KEY`, then also `GIGACHAT_SCOPE`;
    /// `GIGACHAT_BASE_URL`, `GIGACHAT_AUTH_URL` and `GIGACHAT_ROOT_CA` (PEM) are optional.
    pub(crate) fn read(timeouts: Timeouts, vars: Variables<'_, '_>) -> Result<Option<Self>, MalformedVariable> {
        let Some(key) = vars.secret("GIGACHAT_AUTHORIZATION_KEY") else { return Ok(None) };
        let scope = vars.require("GIGACHAT_SCOPE")?.parse();
        let mut gigachat = Self::new(key, scope.map_err(|error: UnknownScope| malformed("GIGACHAT_SCOPE", &error))?);
        vars.url("GIGACHAT_BASE_URL", &mut gigachat.base_url)?;
        vars.url("GIGACHAT_AUTH_URL", &mut gigachat.auth_url)?;
        gigachat.root_certificates = vars.owned("GIGACHAT_ROOT_CA");
        Ok(Some(Self { timeouts, ..gigachat }))
    }
}

/// OAuth scope of an authorization key. The vendor rejects a key that comes with another scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GigaChatScope {
    /// A person.
    Personal,
    /// A business that prepays for packages of tokens.
    Business,
    /// A business billed by usage.
    Corporate,
}

impl GigaChatScope {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "GIGACHAT_API_PERS",
            Self::Business => "GIGACHAT_API_B2B",
            Self::Corporate => "GIGACHAT_API_CORP",
        }
    }
}

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
