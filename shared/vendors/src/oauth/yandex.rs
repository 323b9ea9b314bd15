//! Yandex ID, by OAuth 2.0 with a profile.
//!
//! Source: yandex.ru/dev/id, "Authorization code" and "User information"; RFC 7636 (PKCE).

use std::sync::Arc;

use async_trait::async_trait;
use domain::identity::{
    AuthorizeRequest, CodeExchange, Email, IdentityProvider, OAuthError, OAuthPerson, OAuthProvider, UserName,
};
use domain::kernel::Clock;
use reqwest::header::AUTHORIZATION;
use serde::Deserialize;

use super::{MAX_REPLY, TIMEOUTS, subject, with_parameters};
use crate::http::{Auth, HttpClient, within};
use crate::{Secret, Timeouts};

/// Mail domains of Yandex itself.
const OWN_DOMAINS: [&str; 6] = ["yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua"];

#[derive(Debug, Clone)]
pub struct YandexSettings {
    pub client_id: String,
    pub client_secret: Secret,
    pub authorize_url: String,
    pub token_url: String,
    pub info_url: String,
    pub timeouts: Timeouts,
}

impl YandexSettings {
    pub const DEFAULT_AUTHORIZE_URL: &str = "https://oauth.yandex.ru/authorize";
    pub const DEFAULT_TOKEN_URL: &str = "https://oauth.yandex.ru/token";
    pub const DEFAULT_INFO_URL: &str = "https://login.yandex.ru/info";

    pub fn new(client_id: impl Into<String>, client_secret: Secret) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret,
            authorize_url: Self::DEFAULT_AUTHORIZE_URL.to_owned(),
            token_url: Self::DEFAULT_TOKEN_URL.to_owned(),
            info_url: Self::DEFAULT_INFO_URL.to_owned(),
            timeouts: TIMEOUTS,
        }
    }
}

/// Yandex ID.
///
/// **Verified addresses.** A profile does not say whether `default_email` was verified, and users may enter an address
/// elsewhere. An address counts as verified only if Yandex itself issued it to this account: its domain is one of
/// Yandex's own, and its local part is the account's login. That excludes aliases of a telephone number, which pass to
/// the number's next owner, and hosted domains, which belong to their companies.
///
/// The profile names the client that its token was issued to; a token of another client is refused.
pub struct Yandex {
    settings: YandexSettings,
    http: HttpClient,
}

#[derive(Deserialize)]
struct Reply {
    access_token: String,
}

#[derive(Deserialize)]
struct Profile {
    id: String,
    client_id: String,
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    default_email: Option<String>,
    #[serde(default)]
    real_name: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
}

impl Yandex {
    /// The provider with these settings. Nothing is connected yet.
    pub fn new(settings: YandexSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("yandex", settings.timeouts, clock);
        Self { settings, http }
    }

    /// Redeems the code for an access token.
    async fn redeem(&self, exchange: &CodeExchange<'_>) -> Result<Secret, OAuthError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", exchange.code),
            ("code_verifier", exchange.verifier),
            ("client_id", &self.settings.client_id),
            ("client_secret", self.settings.client_secret.expose()),
        ];
        let post = self.http.post(&self.settings.token_url)?.form(&form);
        let secrets =
            vec![self.settings.client_secret.clone(), Secret::new(exchange.code), Secret::new(exchange.verifier)];
        let body = self.http.open_hiding(post, secrets).await?;
        let reply: Reply = body.json("token reply", MAX_REPLY).await?;
        // With an empty token the profile request would be sent without a header.
        if reply.access_token.is_empty() {
            return Err(OAuthError::Unavailable("the token reply has no token".to_owned()));
        }
        Ok(Secret::new(reply.access_token))
    }

    async fn profile(&self, token: &Secret) -> Result<Profile, OAuthError> {
        let get = self.http.get(&self.settings.info_url)?.query(&[("format", "json")]);
        // Not `Bearer`: Yandex has its own scheme.
        let auth = Auth { header: AUTHORIZATION, scheme: "OAuth ", secret: token };
        let body = self.http.open(get, &auth).await?;
        Ok(body.json("profile", MAX_REPLY).await?)
    }
}

impl Profile {
    fn into_person(self) -> Result<OAuthPerson, OAuthError> {
        let email = self.default_email.as_deref().and_then(|email| Email::parse(email).ok());
        let login = self.login.unwrap_or_default();
        let names = [&self.real_name, &self.display_name];
        Ok(OAuthPerson {
            subject: subject(self.id)?,
            email_verified: email.as_ref().is_some_and(|email| is_own_mailbox(email, &login)),
            email,
            name: names.into_iter().flatten().find_map(|name| UserName::parse(name).ok()),
        })
    }
}

/// Whether Yandex issued the address to the account of this login. Yandex treats dots and hyphens in logins alike.
fn is_own_mailbox(email: &Email, login: &str) -> bool {
    let Some((mailbox, domain)) = email.as_str().split_once('@') else { return false };
    let plain = |name: &str| name.to_lowercase().replace('.', "-");
    OWN_DOMAINS.contains(&domain) && plain(mailbox) == plain(login)
}

#[async_trait]
impl OAuthProvider for Yandex {
    fn origin(&self) -> IdentityProvider {
        IdentityProvider::Yandex
    }

    /// Yandex has no ID token, so the nonce is not sent.
    fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> String {
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", request.redirect_uri),
            ("scope", "login:info login:email"),
            ("state", request.state),
            ("code_challenge", request.code_challenge),
            ("code_challenge_method", "S256"),
        ];
        with_parameters(&self.settings.authorize_url, &parameters)
    }

    async fn exchange(&self, exchange: &CodeExchange<'_>) -> Result<OAuthPerson, OAuthError> {
        within(self.settings.timeouts.total, async {
            let token = self.redeem(exchange).await?;
            let profile = self.profile(&token).await?;
            if profile.client_id != self.settings.client_id {
                return Err(OAuthError::Untrusted("the profile is for somebody else"));
            }
            profile.into_person()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_mailbox_of_the_login_counts_as_verified() {
        let own = |email: &str, login: &str| is_own_mailbox(&Email::parse(email).unwrap(), login);
        assert!(own("ivan@yandex.ru", "ivan") && own("Ivan@YA.ru", "IVAN") && own("i.petrov@yandex.com", "i-petrov"));
        for (email, login) in [
            ("ivan@gmail.com", "ivan"),
            ("ivan@yandex.ru.evil.example", "ivan"),
            ("ivan@notyandex.ru", "ivan"),
            ("ivan@mail.yandex.ru", "ivan"),
            ("79991234567@yandex.ru", "ivan"),
            ("ivan@yandex.ru", "petr"),
            ("ivan@yandex.ru", ""),
        ] {
            assert!(!own(email, login), "{email} {login}");
        }
    }
}
