//! Requests with an access token.

use std::sync::Arc;

use domain::kernel::{Clock, IdSource};
use reqwest::RequestBuilder;
use reqwest::header::AUTHORIZATION;

use super::GigaChatSettings;
use super::token::Tokens;
use crate::Secret;
use crate::http::{Auth, Body, Failure, HttpClient};

/// A client with one authorization key. All calls share one access token; a call answered with 401 is repeated once
/// with a new token.
pub(crate) struct Session {
    settings: GigaChatSettings,
    http: HttpClient,
    tokens: Tokens,
}

impl Session {
    /// A session. Nothing is sent before the first call.
    pub(crate) fn new(settings: GigaChatSettings, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let http =
            HttpClient::new("gigachat", settings.timeouts, clock.clone()).trusting(settings.root_certificates.clone());
        Self { settings, http, tokens: Tokens::new(clock, ids) }
    }

    pub(crate) fn settings(&self) -> &GigaChatSettings {
        &self.settings
    }

    /// Sends what `request` builds, a second time if the first access token is rejected, and waits for the head of a
    /// successful answer.
    pub(crate) async fn open(
        &self,
        request: impl Fn(&HttpClient) -> Result<RequestBuilder, Failure> + Send,
    ) -> Result<Body, Failure> {
        let token = self.tokens.get(&self.http, &self.settings).await.map_err(about_token)?;
        match self.http.open(request(&self.http)?, &bearer(&token)).await {
            Err(Failure::Answered(answer)) if answer.status == 401 => {
                let token = self.tokens.replace(&token, &self.http, &self.settings).await.map_err(about_token)?;
                self.http.open(request(&self.http)?, &bearer(&token)).await
            }
            opened => opened,
        }
    }
}

/// A rejected token request means a wrong key or scope, not a wrong request of the caller.
fn about_token(failure: Failure) -> Failure {
    match failure {
        Failure::Answered(answer) if !matches!(answer.status, 402 | 408 | 409 | 425 | 429 | 500..) => {
            Failure::Misconfigured(answer.describe())
        }
        failure => failure,
    }
}

fn bearer(token: &Secret) -> Auth<'_> {
    Auth { header: AUTHORIZATION, scheme: "Bearer ", secret: token }
}
