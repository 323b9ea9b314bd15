//! Google, by OpenID Connect.
//!
//! Source: Google's OpenID Connect documentation and its discovery document
//! (accounts.google.com/.well-known/openid-configuration); OpenID Connect Core 1.0, 3.1.3.7 (ID token validation); RFC
//! 7636 (PKCE).

mod id_token;
mod keys;

use std::sync::Arc;

use async_trait::async_trait;
use domain::identity::{AuthorizeRequest, CodeExchange, IdentityProvider, OAuthError, OAuthPerson, OAuthProvider};
use domain::kernel::Clock;
use serde::Deserialize;

use super::{MAX_REPLY, TIMEOUTS, with_parameters};
use crate::http::{HttpClient, within};
use crate::{Secret, Timeouts};
use id_token::Expected;
use keys::Keys;

#[derive(Debug, Clone)]
pub struct GoogleSettings {
    pub client_id: String,
    pub client_secret: Secret,
    pub authorize_url: String,
    pub token_url: String,
    /// URL of the keys that sign ID tokens.
    pub jwks_url: String,
    /// Accepted issuers of ID tokens. Google writes itself with and without the scheme.
    pub issuers: Vec<String>,
    pub timeouts: Timeouts,
}

impl GoogleSettings {
    pub const DEFAULT_AUTHORIZE_URL: &str = "https://accounts.google.com/o/oauth2/v2/auth";
    pub const DEFAULT_TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
    pub const DEFAULT_JWKS_URL: &str = "https://www.googleapis.com/oauth2/v3/certs";
    pub const DEFAULT_ISSUERS: [&str; 2] = ["https://accounts.google.com", "accounts.google.com"];

    pub fn new(client_id: impl Into<String>, client_secret: Secret) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret,
            authorize_url: Self::DEFAULT_AUTHORIZE_URL.to_owned(),
            token_url: Self::DEFAULT_TOKEN_URL.to_owned(),
            jwks_url: Self::DEFAULT_JWKS_URL.to_owned(),
            issuers: Self::DEFAULT_ISSUERS.map(str::to_owned).to_vec(),
            timeouts: TIMEOUTS,
        }
    }
}

/// Google.
///
/// The identity comes from the ID token, which is validated in full; its signature costs one cached request. The access
/// token is neither used nor stored.
///
/// `email_verified` is trusted. Google sets it for addresses of other companies too, once the owner has followed a
/// link.
pub struct Google {
    settings: GoogleSettings,
    http: HttpClient,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    id_token: Option<String>,
}

impl Google {
    /// The provider with these settings. Nothing is connected yet.
    pub fn new(settings: GoogleSettings, clock: Arc<dyn Clock>) -> Self {
        let http = HttpClient::new("google", settings.timeouts, clock.clone());
        Self { keys: Keys::new(settings.jwks_url.clone(), clock.clone()), settings, http, clock }
    }

    /// Redeems the code for an ID token.
    async fn redeem(&self, exchange: &CodeExchange<'_>) -> Result<String, OAuthError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", exchange.code),
            ("code_verifier", exchange.verifier),
            ("redirect_uri", exchange.redirect_uri),
            ("client_id", &self.settings.client_id),
            ("client_secret", self.settings.client_secret.expose()),
        ];
        let post = self.http.post(&self.settings.token_url)?.form(&form);
        let secrets =
            vec![self.settings.client_secret.clone(), Secret::new(exchange.code), Secret::new(exchange.verifier)];
        let body = self.http.open_hiding(post, secrets).await?;
        let reply: Reply = body.json("token reply", MAX_REPLY).await?;
        reply.id_token.ok_or(OAuthError::Untrusted("there is no ID token"))
    }
}

#[async_trait]
impl OAuthProvider for Google {
    fn origin(&self) -> IdentityProvider {
        IdentityProvider::Google
    }

    fn authorize_url(&self, request: &AuthorizeRequest<'_>) -> String {
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", request.redirect_uri),
            ("scope", "openid email profile"),
            ("state", request.state),
            ("nonce", request.nonce),
            ("code_challenge", request.code_challenge),
            ("code_challenge_method", "S256"),
        ];
        with_parameters(&self.settings.authorize_url, &parameters)
    }

    async fn exchange(&self, exchange: &CodeExchange<'_>) -> Result<OAuthPerson, OAuthError> {
        within(self.settings.timeouts.total, async {
            let token = self.redeem(exchange).await?;
            let key = self.keys.get(&self.http, &id_token::key_id(&token)?).await?;
            let expected = Expected {
                client_id: &self.settings.client_id,
                issuers: &self.settings.issuers,
                nonce: exchange.nonce,
                now: self.clock.now(),
            };
            id_token::read(&token, &key, &expected)
        })
        .await
    }
}
