//! `POST /api/v1/auth/refresh`

use axum::extract::State;
use domain::identity::TokenIssuer;
use domain::kernel::{AuthFailure, Error};
use edge::easy_writer::openapi::{AuthErrors, Errors, Success};
use edge::{Answer, ClientAddress, Cookies, Reply, RequestScope};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{REFRESH_COOKIE, refresh_cookie};

/// An access token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Access token for the `Authorization` header.
    access_token: String,
    /// Lifetime of the access token, in seconds.
    #[schema(example = 900)]
    expires_in: u64,
}

/// Refresh the access token
///
/// Also replaces the refresh cookie. Reuse of a replaced refresh token more than ten seconds later revokes the session.
#[utoipa::path(
    post,
    path = "/api/v1/auth/refresh",
    tag = "auth",
    operation_id = "refresh",
    params(("refresh_token" = String, Cookie, description = "Refresh token, set by register and login")),
    responses(
        Errors, AuthErrors,
        (status = 200, description = "New access token; the refresh cookie is replaced", body = Success<TokenView>),
    )
)]
pub(crate) async fn refresh(
    State(state): State<crate::State>,
    scope: RequestScope,
    ClientAddress(address): ClientAddress,
    cookies: Cookies,
) -> Answer<TokenView> {
    scope.limit(&state.limits.refresh, &address).await?;
    let token = cookies.get(REFRESH_COOKIE).ok_or(Error::Unauthenticated(AuthFailure::TokenInvalid))?;
    let (access_token, refresh_token) = state.identity.refresh(token).await?;
    let view = TokenView { access_token, expires_in: TokenIssuer::access_lifetime_seconds() };
    Ok(Reply::ok(view).cookie(&refresh_cookie(refresh_token)))
}
