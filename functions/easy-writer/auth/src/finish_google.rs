//! `GET /api/v1/auth/google/callback`

use axum::extract::State;
use domain::identity::Origin;
use edge::{ClientAddress, Cookies, QueryParameters, Redirect, RequestScope};

/// Come back from Google
///
/// For browsers that Google sends back. Signs in, and opens an account with 100 raits where there is none.
#[utoipa::path(
    get,
    path = "/api/v1/auth/google/callback",
    tag = "auth",
    operation_id = "finish_google",
    params(
        ("state" = Option<String>, Query, description = "What the browser set out with"),
        ("code" = Option<String>, Query, description = "Google's code; works once"),
        ("error" = Option<String>, Query, description = "Why there is no code"),
        ("oauth_attempt" = Option<String>, Cookie, description = "Set when the browser set out"),
    ),
    responses((
        status = 302,
        description = "To the front end, with `#access_token=…&token_type=Bearer&expires_in=900` and the refresh cookie, or with `#error=`: \
                       `access_denied`, `state_mismatch`, `invalid_code`, `email_not_verified`, `provider_unavailable`, \
                       `provider_not_configured`, `rate_limited`, `server_error`",
        headers(("Location" = String), ("Set-Cookie" = String)),
    ))
)]
pub(crate) async fn finish_google(
    State(state): State<crate::State>,
    scope: RequestScope,
    caller: ClientAddress,
    cookies: Cookies,
    query: QueryParameters,
) -> Redirect {
    state.finish(Origin::Google, scope, caller, cookies, query).await
}
