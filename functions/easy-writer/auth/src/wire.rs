//! Shapes and cookies that several endpoints share.

use domain::identity::{Origin, SignedIn, TokenIssuer, User};
use domain::kernel::Amount;
use edge::Reply;
use edge::cookie::time::Duration;
use edge::cookie::{Cookie, SameSite};
use serde::Serialize;
use utoipa::ToSchema;

/// Name of the cookie that holds the refresh token.
pub(crate) const REFRESH_COOKIE: &str = "refresh_token";

/// Name of the cookie that ties a browser to its way to a provider and back.
pub(crate) const LOGIN_STATE_COOKIE: &str = "oauth_attempt";

/// A user.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserView {
    /// Id.
    #[schema(format = Uuid)]
    id: String,
    /// Address that identifies the account; empty if the provider told none that is verified.
    #[schema(example = "user@example.com")]
    email: String,
    /// Display name, once given.
    name: Option<String>,
    /// How the account came into being: `local`, `google` or `yandex`.
    #[schema(example = "local")]
    provider: &'static str,
    /// Raits that can be spent now.
    #[schema(example = 100)]
    balance: i64,
    /// When the account came into being.
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
                Origin::Local => "local",
                Origin::Google => "google",
                Origin::Yandex => "yandex",
            },
            balance: balance.units(),
            created_at: user.created_at.to_string(),
        }
    }
}

/// A signed-in user.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInView {
    /// Who.
    user: UserView,
    /// For the `Authorization` header.
    access_token: String,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: u64,
}

impl SignedInView {
    /// The answer to a successful sign-in: tokens in body and cookie.
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

/// The cookie for a refresh token. Only the endpoints under `/api/v1/auth` get to see it, and no page of another site can make a browser send it.
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

/// The cookie that removes the refresh token from the browser.
pub(crate) fn cleared_cookie() -> Cookie<'static> {
    cleared(refresh_cookie(String::new()))
}

/// The cookie that waits for a browser which is away at a provider. `Lax`, because it must come along when the provider's page, another site,
/// sends the browser back.
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

/// The cookie that ends the waiting.
pub(crate) fn cleared_login_state_cookie() -> Cookie<'static> {
    cleared(login_state_cookie(String::new()))
}

fn cleared(mut cookie: Cookie<'static>) -> Cookie<'static> {
    cookie.set_max_age(Duration::ZERO);
    cookie
}
