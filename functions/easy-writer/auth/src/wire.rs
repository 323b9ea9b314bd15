//! Views and cookies that several endpoints share.

use domain::identity::{IdentityProvider, SignedIn, TokenIssuer, User};
use domain::kernel::Amount;
use edge::Reply;
use edge::cookie::time::Duration;
use edge::cookie::{Cookie, SameSite};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) const REFRESH_COOKIE: &str = "refresh_token";

/// Ties the callback to the browser that sent the authorization request.
pub(crate) const LOGIN_STATE_COOKIE: &str = "oauth_attempt";

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserView {
    #[schema(format = Uuid)]
    id: String,
    /// Email address; identifies the account. Empty if the identity provider returned no verified address.
    #[schema(example = "user@example.com")]
    email: String,
    /// Display name; null if not set.
    name: Option<String>,
    /// Sign-in method of the account: `local`, `google` or `yandex`.
    #[schema(example = "local")]
    provider: &'static str,
    /// Available balance, in raits.
    #[schema(example = 100)]
    balance: i64,
    /// Creation time of the account.
    #[schema(format = DateTime)]
    created_at: String,
}

impl UserView {
    pub(crate) fn new(user: User, balance: Amount) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.address().to_owned(),
            name: user.name,
            provider: match user.origin {
                IdentityProvider::Local => "local",
                IdentityProvider::Google => "google",
                IdentityProvider::Yandex => "yandex",
            },
            balance: balance.units(),
            created_at: user.created_at.to_string(),
        }
    }
}

/// A signed-in user.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInView {
    user: UserView,
    /// Access token for the `Authorization` header.
    access_token: String,
    /// Lifetime of the access token, in seconds.
    #[schema(example = 900)]
    expires_in: u64,
}

impl SignedInView {
    /// The response to a sign-in: access token in the body, refresh token in the cookie.
    pub(crate) fn reply(reply: fn(Self) -> Reply<Self>, signed_in: SignedIn, balance: Amount) -> Reply<Self> {
        let cookie = refresh_cookie(signed_in.refresh_token);
        let view = Self {
            user: UserView::new(signed_in.user, balance),
            access_token: signed_in.access_token,
            expires_in: TokenIssuer::access_lifetime_seconds(),
        };
        reply(view).cookie(&cookie)
    }
}

/// The cookie for a refresh token. Sent to `/api/v1/auth` only, and never from another site's page.
pub(crate) fn refresh_cookie(token: String) -> Cookie<'static> {
    let lifetime = i64::try_from(TokenIssuer::refresh_lifetime_seconds()).unwrap_or_default();
    Cookie::build((REFRESH_COOKIE, token))
        .path("/api/v1/auth")
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .max_age(Duration::seconds(lifetime))
        .build()
}

/// Removes the refresh token from the browser.
pub(crate) fn cleared_cookie() -> Cookie<'static> {
    cleared(refresh_cookie(String::new()))
}

/// The cookie for the duration of a sign-in with a provider. `Lax`, because the callback is a navigation from the
/// provider's site.
pub(crate) fn login_state_cookie(login_state: String) -> Cookie<'static> {
    let lifetime = i64::try_from(TokenIssuer::login_state_lifetime_seconds()).unwrap_or_default();
    Cookie::build((LOGIN_STATE_COOKIE, login_state))
        .path("/api/v1/auth")
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(lifetime))
        .build()
}

/// Removes the cookie of a sign-in with a provider.
pub(crate) fn cleared_login_state_cookie() -> Cookie<'static> {
    cleared(login_state_cookie(String::new()))
}

fn cleared(mut cookie: Cookie<'static>) -> Cookie<'static> {
    cookie.set_max_age(Duration::ZERO);
    cookie
}
