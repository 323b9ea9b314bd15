//! Sign-in with an identity provider, as a browser sees it: redirects only, never a JSON body.
//!
//! The browser always ends at `AUTH_RETURN_URL`, which comes from configuration only, so there is no open redirect. The
//! outcome is in the fragment, which is sent to no server and in no `Referer`.
//!
//! | fragment | means |
//! | --- | --- |
//! | `access_token`, `token_type=Bearer`, `expires_in` | signed in; the refresh cookie is set |
//! | `error=access_denied` | the user refused |
//! | `error=state_mismatch` | another browser, too late, or a repeated callback |
//! | `error=invalid_code` | the authorization code is wrong, used or expired |
//! | `error=email_not_verified` | the email address has an account, and the provider has not verified the address |
//! | `error=provider_unavailable` | the provider does not respond |
//! | `error=provider_not_configured` | the provider is not configured |
//! | `error=rate_limited` | too many attempts |
//! | `error=server_error` | anything else |

use domain::identity::{Authorization, Callback, IdentityProvider, OAuthError, OAuthFailure, SignedIn, TokenIssuer};
use domain::kernel::{Error, Result};
use edge::{ClientAddress, Cookies, Query, Redirect, RequestScope};

use crate::State;
use crate::wire::{LOGIN_STATE_COOKIE, cleared_login_state_cookie, login_state_cookie, refresh_cookie};

impl State {
    /// Redirects the browser to a provider.
    pub(crate) async fn start(&self, origin: IdentityProvider, scope: RequestScope, caller: ClientAddress) -> Redirect {
        match self.authorize(origin, scope, caller).await {
            Ok(Authorization { url, login_state }) => Redirect::to(url).cookie(&login_state_cookie(login_state)),
            Err(failure) => self.refusal(&failure),
        }
    }

    async fn authorize(
        &self,
        origin: IdentityProvider,
        scope: RequestScope,
        caller: ClientAddress,
    ) -> Outcome<Authorization> {
        self.count(scope, caller).await?;
        self.oauth.authorize(origin)
    }

    /// Handles the browser's return from a provider.
    pub(crate) async fn finish(
        &self,
        origin: IdentityProvider,
        scope: RequestScope,
        caller: ClientAddress,
        cookies: Cookies,
        query: Query,
    ) -> Redirect {
        let redirect = match self.callback(origin, scope, caller, cookies, query).await {
            Ok(SignedIn { access_token, refresh_token, .. }) => {
                let expires_in = TokenIssuer::access_lifetime_seconds();
                let fragment = format!("access_token={access_token}&token_type=Bearer&expires_in={expires_in}");
                self.return_to(&fragment).cookie(&refresh_cookie(refresh_token))
            }
            Err(failure) => self.refusal(&failure),
        };
        redirect.cookie(&cleared_login_state_cookie())
    }

    async fn callback(
        &self,
        origin: IdentityProvider,
        scope: RequestScope,
        caller: ClientAddress,
        cookies: Cookies,
        query: Query,
    ) -> Outcome<SignedIn> {
        self.count(scope, caller).await?;
        let callback =
            Callback { state: query.lenient("state"), code: query.lenient("code"), error: query.lenient("error") };
        self.accounts.callback(&self.oauth, origin, callback, cookies.get(LOGIN_STATE_COOKIE)).await
    }

    async fn count(&self, scope: RequestScope, ClientAddress(address): ClientAddress) -> Result<()> {
        scope.limit(&self.limits.oauth, &address).await
    }

    fn refusal(&self, failure: &OAuthFailure) -> Redirect {
        let (code, fault) = verdict(failure);
        let redirect = self.return_to(&format!("error={code}"));
        redirect.telling(code, if fault { Some(failure) } else { None })
    }

    fn return_to(&self, fragment: &str) -> Redirect {
        Redirect::to(format!("{}#{fragment}", self.return_url))
    }
}

type Outcome<T> = Result<T, OAuthFailure>;

/// The code for a failure, and whether it is a fault of ours or of a dependency rather than the user's.
fn verdict(failure: &OAuthFailure) -> (&'static str, bool) {
    match failure {
        OAuthFailure::NotConfigured => ("provider_not_configured", false),
        OAuthFailure::Denied => ("access_denied", false),
        OAuthFailure::StateMismatch => ("state_mismatch", false),
        OAuthFailure::EmailNotVerified => ("email_not_verified", false),
        OAuthFailure::Provider(OAuthError::InvalidCode) => ("invalid_code", false),
        OAuthFailure::Provider(OAuthError::Unavailable(_)) => ("provider_unavailable", true),
        // Error codes of RFC 6749, 4.1.2.1.
        OAuthFailure::TurnedDown(word) if matches!(word.as_str(), "temporarily_unavailable" | "server_error") => {
            ("provider_unavailable", true)
        }
        OAuthFailure::Provider(OAuthError::Refused(_) | OAuthError::Untrusted(_)) | OAuthFailure::TurnedDown(_) => {
            ("server_error", true)
        }
        OAuthFailure::Domain(Error::RateLimited { .. }) => ("rate_limited", false),
        OAuthFailure::Domain(error) => ("server_error", error.is_fault()),
    }
}
