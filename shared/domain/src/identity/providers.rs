//! The way to a provider and back.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Condition, Put, Transaction};
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

/// Sign-in through providers.
///
/// **What ties an answer to a browser.** On its way out the browser is given a signed token that holds the state, the PKCE verifier and the
/// nonce, and keeps it where its pages' scripts cannot read it. The callback is taken from that browser only, within ten minutes, and once: a
/// callback's address that somebody copied, or planted, is worth nothing elsewhere. The verifier may be in the token although the token is
/// readable: it protects the code from whoever sees the code alone (a log, a proxy, a history), and whoever can read this cookie is the browser.
#[derive(Clone)]
pub struct OAuth {
    identity: Identity,
    /// With where each sends the browser back to.
    providers: Arc<[(SharedOAuthProvider, String)]>,
}

/// A browser that sets out for a provider.
pub struct Departure {
    /// Where it goes.
    pub url: String,
    /// What it keeps meanwhile.
    pub attempt: String,
}

/// What a browser brings back: the parameters of the callback, as they came.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// What it was sent out with.
    pub state: Option<&'a str>,
    /// What the provider gave it.
    pub code: Option<&'a str>,
    /// Why the provider gave it nothing (RFC 6749, 4.1.2.1).
    pub error: Option<&'a str>,
}

impl OAuth {
    /// Sign-in of the users of `identity` through `providers`, each with the URI that it sends browsers back to.
    pub fn new(identity: Identity, providers: Vec<(SharedOAuthProvider, String)>) -> Self {
        Self { identity, providers: providers.into() }
    }

    fn provider(&self, origin: Origin) -> Result<(&dyn OAuthProvider, &str), OAuthFailure> {
        let found = self.providers.iter().find(|(provider, _)| provider.origin() == origin);
        found.map(|(provider, uri)| (&**provider, uri.as_str())).ok_or(OAuthFailure::NotConfigured)
    }

    /// Sends a browser to a provider.
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

    /// Signs in the person whose browser came back from a provider. `attempt` is what the browser kept; `with_account` adds the writes that
    /// must happen together with a new account.
    ///
    /// Nothing that came with the browser is looked at before it is proved to be the one that set out.
    pub async fn arrive(
        &self,
        origin: Origin,
        arrival: Arrival<'_>,
        attempt: Option<&str>,
        with_account: impl Fn(&mut Transaction, UserId, Timestamp) -> Result<()>,
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

    /// The attempt that this browser set out with, if it is for this provider and this callback.
    fn own_attempt(&self, origin: Origin, state: Option<&str>, kept: Option<&str>) -> Result<Attempt, OAuthFailure> {
        let mismatch = || OAuthFailure::StateMismatch;
        let (state, kept) = (state.ok_or_else(mismatch)?, kept.ok_or_else(mismatch)?);
        let attempt = self.identity.tokens.read_attempt(kept, self.identity.clock.now()).map_err(|_| mismatch())?;
        let same = attempt.origin == origin && bool::from(attempt.state.as_bytes().ct_eq(state.as_bytes()));
        if same { Ok(attempt) } else { Err(mismatch()) }
    }

    /// Marks the attempt as used. Providers refuse a code that comes again, too, but a code that was never redeemed would still work.
    async fn spend(&self, attempt: &Attempt) -> Result<(), OAuthFailure> {
        let now = self.identity.clock.now();
        let lifetime = i64::try_from(ATTEMPT_LIFETIME.as_secs()).unwrap_or_default();
        let item = AttemptItem {
            key: attempt_key(&attempt.state),
            claim: self.identity.ids.uuid(now),
            // No token of this state is valid for longer, whenever it was signed.
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
