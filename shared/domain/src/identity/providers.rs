//! The authorization code flow: authorize and callback.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::{Condition, Put, Transaction};
use subtle::ConstantTimeEq as _;

use super::items::{UsedLoginStateItem, login_state_key};
use super::model::{IdentityProvider, SignedIn};
use super::oauth::{
    AuthorizeRequest, CodeExchange, LoginState, OAuthError, OAuthFailure, OAuthProvider, SharedOAuthProvider,
    code_challenge,
};
use super::service::Identity;
use super::tokens::LOGIN_STATE_LIFETIME;
use crate::kernel::{Error, Result, Timestamp, UserId, epoch_seconds};

/// Log-in through identity providers.
///
/// **What binds a callback to a browser.** The browser keeps a signed login state with the OAuth state, the PKCE
/// verifier and the nonce, where scripts cannot read it. The callback is accepted from that browser only, within ten
/// minutes, and once: a callback URL that is copied or planted is worthless elsewhere. The token is readable, and the
/// verifier may still be in it: PKCE protects the code from those who see the code alone (a log, a proxy, a history),
/// and who can read this cookie is the browser.
#[derive(Clone)]
pub struct OAuth {
    identity: Identity,
    /// Each with its redirect URI.
    providers: Arc<[(SharedOAuthProvider, String)]>,
}

/// The start of a log-in through a provider.
pub struct Authorization {
    /// Where to redirect the browser.
    pub url: String,
    /// The login state that the browser keeps.
    pub login_state: String,
}

/// The parameters of a callback, not verified.
#[derive(Clone, Copy)]
pub struct Callback<'a> {
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

    fn provider(&self, origin: IdentityProvider) -> Result<(&dyn OAuthProvider, &str), OAuthFailure> {
        let found = self.providers.iter().find(|(provider, _)| provider.origin() == origin);
        found.map(|(provider, uri)| (&**provider, uri.as_str())).ok_or(OAuthFailure::NotConfigured)
    }

    /// Starts a log-in.
    pub fn authorize(&self, origin: IdentityProvider) -> Result<Authorization, OAuthFailure> {
        let (provider, redirect_uri) = self.provider(origin)?;
        let secret = || self.identity.ids.secret().map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let login_state = LoginState { origin, state: secret()?, verifier: secret()?, nonce: secret()? };
        let url = provider.authorize_url(&AuthorizeRequest {
            state: &login_state.state,
            code_challenge: &code_challenge(&login_state.verifier),
            nonce: &login_state.nonce,
            redirect_uri,
        });
        let login_state = self.identity.tokens.sign_login_state(login_state, self.identity.clock.now())?;
        Ok(Authorization { url, login_state })
    }

    /// Finishes a log-in. `login_state` is the login state that the browser kept; `with_account` adds writes to the
    /// transaction that creates an account.
    ///
    /// No parameter is used before the login state is verified.
    pub async fn callback(
        &self,
        origin: IdentityProvider,
        callback: Callback<'_>,
        login_state: Option<&str>,
        with_account: impl Fn(&mut Transaction, UserId, Timestamp) -> Result<()>,
    ) -> Result<SignedIn, OAuthFailure> {
        let (provider, redirect_uri) = self.provider(origin)?;
        let login_state = self.own_login_state(origin, callback.state, login_state)?;
        match callback.error {
            Some("access_denied") => return Err(OAuthFailure::Denied),
            Some(error) => return Err(OAuthFailure::TurnedDown(error.chars().take(64).collect())),
            None => {}
        }
        let code = callback.code.filter(|code| !code.is_empty()).ok_or(OAuthError::InvalidCode)?;
        self.spend(&login_state).await?;
        let LoginState { verifier, nonce, .. } = &login_state;
        let person = provider.exchange(&CodeExchange { code, verifier, nonce, redirect_uri }).await?;
        self.identity.sign_in_linked(origin, &person, with_account).await
    }

    /// Verifies that the login state is this browser's, for this provider and this callback.
    fn own_login_state(
        &self,
        origin: IdentityProvider,
        state: Option<&str>,
        kept: Option<&str>,
    ) -> Result<LoginState, OAuthFailure> {
        let mismatch = || OAuthFailure::StateMismatch;
        let (state, kept) = (state.ok_or_else(mismatch)?, kept.ok_or_else(mismatch)?);
        let login_state =
            self.identity.tokens.read_login_state(kept, self.identity.clock.now()).map_err(|_| mismatch())?;
        let same = login_state.origin == origin && bool::from(login_state.state.as_bytes().ct_eq(state.as_bytes()));
        if same { Ok(login_state) } else { Err(mismatch()) }
    }

    /// Marks the login state as used. Providers refuse a used code too, but a code that was never exchanged would still
    /// work.
    async fn spend(&self, login_state: &LoginState) -> Result<(), OAuthFailure> {
        let now = self.identity.clock.now();
        let lifetime = i64::try_from(LOGIN_STATE_LIFETIME.as_secs()).unwrap_or_default();
        let item = UsedLoginStateItem {
            key: login_state_key(&login_state.state),
            claim: self.identity.ids.uuid(now),
            // No login state with this state is valid for longer, whenever it was signed.
            expires_at: epoch_seconds(now) + lifetime + 60,
        };
        let put = Put::new(&item).map_err(Error::from)?.when(Condition::item_missing());
        match self.identity.table.put(put).await {
            Ok(()) => Ok(()),
            Err(store::Error::ConditionFailed(failed)) => {
                let before: Option<UsedLoginStateItem> = failed.item().map_err(Error::from)?;
                let own = before.is_some_and(|before| before.claim == item.claim);
                if own { Ok(()) } else { Err(OAuthFailure::StateMismatch) }
            }
            Err(error) => Err(Error::from(error).into()),
        }
    }
}
