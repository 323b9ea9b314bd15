//! `GET /api/v1/auth/yandex/callback`

use axum::extract::State;
use domain::identity::IdentityProvider;
use edge::{ClientAddress, Cookies, Query, Redirect, RequestScope};

/// Complete the sign-in with Yandex
///
/// For browsers redirected back by Yandex. Signs the user in; creates an account with 100 raits if there is none.
#[utoipa::path(
    get,
    path = "/api/v1/auth/yandex/callback",
    tag = "auth",
    operation_id = "finish_yandex",
    params(
        ("state" = Option<String>, Query, description = "`state` of the authorization request"),
        ("code" = Option<String>, Query, description = "Authorization code. Single use"),
        ("error" = Option<String>, Query, description = "Error code of the identity provider"),
        ("oauth_attempt" = Option<String>, Cookie, description = "Set by the authorization request"),
    ),
    responses((
        status = 302,
        description = "Redirect to the front end, with `#access_token=…&token_type=Bearer&expires_in=900` and the refresh cookie, or with `#error=`: \
                       `access_denied`, `state_mismatch`, `invalid_code`, `email_not_verified`, `provider_unavailable`, \
                       `provider_not_configured`, `rate_limited`, `server_error`",
        headers(("Location" = String), ("Set-Cookie" = String)),
    ))
)]
pub(crate) async fn finish_yandex(
    State(state): State<crate::State>,
    scope: RequestScope,
    caller: ClientAddress,
    cookies: Cookies,
    query: Query,
) -> Redirect {
    state.finish(IdentityProvider::Yandex, scope, caller, cookies, query).await
}
