//! The authorization code flow: authorize and callback.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Condition, Put, Write};
use subtle::ConstantTimeEq as _;

use super::items::{AttemptItem, attempt_key};
use super::model::{Origin, SignedIn};
use super::oauth::{
    Attempt, AuthorizeRequest, CodeExchange, OAuthError, OAuthFailure, OAuthProvider, SharedOAuthProvider,
    code_challenge,
};
use super::service::Identity;
use super::tokens::ATTEMPT_LIFETIME;
use crate::kernel::{Error, Result, Timestamp, UserId, epoch_seconds};

/// Log-in through identity providers.
///
/// **What binds a callback to a browser.** The browser keeps a signed login state with the OAuth state, the PKCE verifier and the nonce, where scripts
/// cannot read it. The callback is accepted from that browser only, within ten minutes, and once: a callback URL that is copied or planted is worthless
/// elsewhere. The token is readable, and the verifier may still be in it: PKCE protects the code from those who see the code alone (a log, a proxy, a
/// history), and who can read this cookie is the browser.
#[derive(Clone)]
pub struct OAuth {
    identity: Identity,
    /// Each with its redirect URI.
    providers: Arc<[(SharedOAuthProvider, String)]>,
}

/// The start of a log-in through a provider.
pub struct Departure {
    /// Where to redirect the browser.
    pub url: String,
    /// The login state that the browser keeps.
    pub attempt: String,
}

/// The parameters of a callback, not verified.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    pub state: Option<&'a str>,
    pub code: Option<&'a str>,
    /// Instead of a code (RFC 6749, 4.1.2.1).
    pub error: Option<&'a str>,
}

impl OAuth {
    /// Log-in of the users of `identity` through `providers`, each with its redirect URI.
    pub fn new(identity: Identity, providers: Vec<(SharedOAuthProvider, String)>) -> Self {
        Self { identity, providers: providers.into() }
    }

    fn provider(&self, origin: Origin) -> Result<(&dyn OAuthProvider, &str), OAuthFailure> {
        let found = self.providers.iter().find(|(provider, _)| provider.origin() == origin);
        found.map(|(provider, uri)| (&**provider, uri.as_str())).ok_or(OAuthFailure::NotConfigured)
    }

    /// Starts a log-in.
    pub fn depart(&self, origin: Origin) -> Result<Departure, OAuthFailure> {
        let (provider, redirect_uri) = self.provider(origin)?;
        let secret = || self.identity.ids.secret().map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let attempt = Attempt { origin, state: secret()?, verifier: secret()?, nonce: secret()? };
        let url = provider.authorize_url(&AuthorizeRequest {
            state: &attempt.state,
            code_challenge: &code_challenge(&attempt.verifier),
            nonce: &attempt.nonce,
            redirect_uri,
        });
        let attempt = self.identity.tokens.sign_attempt(attempt, self.identity.clock.now())?;
        Ok(Departure { url, attempt })
    }

    /// Finishes a log-in. `attempt` is the login state that the browser kept; `with_account` returns writes for the transaction that creates an account.
    ///
    /// No parameter is used before the login state is verified.
    pub async fn arrive(
        &self,
        origin: Origin,
        arrival: Arrival<'_>,
        attempt: Option<&str>,
        with_account: impl Fn(UserId, Timestamp) -> Result<Vec<Write>>,
    ) -> Result<SignedIn, OAuthFailure> {
        let (provider, redirect_uri) = self.provider(origin)?;
        let attempt = self.own_attempt(origin, arrival.state, attempt)?;
        match arrival.error {
            Some("access_denied") => return Err(OAuthFailure::Denied),
            Some(error) => return Err(OAuthFailure::TurnedDown(error.chars().take(64).collect())),
            None => {}
        }
        let code = arrival.code.filter(|code| !code.is_empty()).ok_or(OAuthError::InvalidCode)?;
        self.spend(&attempt).await?;
        let Attempt { verifier, nonce, .. } = &attempt;
        let person = provider.exchange(&CodeExchange { code, verifier, nonce, redirect_uri }).await?;
        self.identity.sign_in_linked(origin, &person, with_account).await
    }

    /// Verifies that the login state is this browser's, for this provider and this callback.
    fn own_attempt(&self, origin: Origin, state: Option<&str>, kept: Option<&str>) -> Result<Attempt, OAuthFailure> {
        let mismatch = || OAuthFailure::StateMismatch;
        let (state, kept) = (state.ok_or_else(mismatch)?, kept.ok_or_else(mismatch)?);
        let attempt = self.identity.tokens.read_attempt(kept, self.identity.clock.now()).map_err(|_| mismatch())?;
        let same = attempt.origin == origin && bool::from(attempt.state.as_bytes().ct_eq(state.as_bytes()));
        if same { Ok(attempt) } else { Err(mismatch()) }
    }

    /// Marks the login state as used. Providers refuse a used code too, but a code that was never exchanged would still work.
    async fn spend(&self, attempt: &Attempt) -> Result<(), OAuthFailure> {
        let now = self.identity.clock.now();
        let lifetime = i64::try_from(ATTEMPT_LIFETIME.as_secs()).unwrap_or_default();
        let item = AttemptItem {
            key: attempt_key(&attempt.state),
            claim: self.identity.ids.uuid(now),
            // No login state with this state is valid for longer, whenever it was signed.
            expires_at: epoch_seconds(now) + lifetime + 60,
        };
        let put = Put::new(&item).map_err(Error::from)?.when(Condition::item_missing());
        match self.identity.table.put(put).await {
            Ok(()) => Ok(()),
            Err(store::Error::ConditionFailed(failed)) => {
                let before: Option<AttemptItem> = failed.item().map_err(Error::from)?;
                let own = before.is_some_and(|before| before.claim == item.claim);
                if own { Ok(()) } else { Err(OAuthFailure::StateMismatch) }
            }
            Err(error) => Err(Error::from(error).into()),
        }
    }
}
