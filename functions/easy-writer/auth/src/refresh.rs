//! `POST /api/v1/auth/refresh`

use axum::extract::State;
use domain::identity::TokenIssuer;
use domain::kernel::{AuthFailure, Error};
use edge::openapi::{Failed, Success};
use edge::{Answer, ClientAddress, Cookies, Reply, RequestScope};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{REFRESH_COOKIE, refresh_cookie};

/// A fresh access token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// For the `Authorization` header.
    access_token: String,
    /// Seconds until it expires.
    #[schema(example = 900)]
    expires_in: u64,
}

/// Renew the access token
///
/// Every call also replaces the refresh cookie. A replaced token that is used again after ten seconds ends the sign-in: somebody copied it.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    operation_id = "refresh",
    params(("refresh_token" = String, Cookie, description = "Set by register and login")),
    responses(
        (status = 200, description = "New tokens; replaces the refresh cookie", body = Success<TokenView>),
        (status = 401, description = "`TOKEN_EXPIRED`, `TOKEN_INVALID`", body = Failed),
        (status = 429, description = "`RATE_LIMITED`", body = Failed),
    )
)]
pub(crate) async fn refresh(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    cookies: Cookies,
) -> Answer<TokenView> {
    scope.limit(&state.limiter, &state.limits.refresh, &address, state.clock.now()).await?;
    let token = cookies.get(REFRESH_COOKIE).ok_or(Error::Unauthenticated(AuthFailure::TokenInvalid))?;
    let (access_token, refresh_token) = state.identity.refresh(token).await?;
    let view = TokenView { access_token, expires_in: TokenIssuer::access_lifetime_seconds() };
    Ok(Reply::ok(view).cookie(&refresh_cookie(refresh_token)))
}
